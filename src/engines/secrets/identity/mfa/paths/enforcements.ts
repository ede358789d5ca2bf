import {
  absent,
  definePath,
  done,
  f,
  none,
  okData,
  pageFields,
  pageOf,
  replySchema,
  type JsonOut,
  type PathDefinition,
  type ReadView,
} from '#framework'
import { uuid } from '../../../../../lib/secure/random.ts'
import { entityOrHeir } from '../../entities.ts'
import { infoListing } from '../../info-listing.ts'
import { groups } from '../../store.ts'
import { enforcementErrors } from '../errors.ts'
import type { Mount } from '../../../../../request/mount.ts'
import type { Namespace } from '../../../../../request/request.ts'
import type { MfaPorts } from '../ports.ts'
import { enforcements, methods, type StoredEnforcement } from '../store.ts'

const shownFields = {
  id: f.string('Its id.'),
  name: f.string('Its name.'),
  namespace_id: f.string('Namespace it belongs to.'),
  namespace_path: f.string('Path of that.'),
  mfa_method_ids: f.strings('Methods of which any one is to be shown.'),
  auth_method_accessors: f.strings('Log-ins by these mounts.'),
  auth_method_types: f.strings('Log-ins by mounts of these types.'),
  identity_group_ids: f.strings('Log-ins of members of these groups.'),
  identity_entity_ids: f.strings('Log-ins of these entities.'),
}
const enforcementReply = replySchema('Which log-ins have to show which second factors.', shownFields)
const keysReply = replySchema('Names of the enforcements, and what each of them is.', {
  keys: f.strings('The names.'),
  key_info: f.map('What each of them is, by its name.'),
})

const wishes = {
  mfa_method_ids: f.list('Ids of methods. A log-in has to show any one of them.').optional(),
  auth_method_accessors: f.list('Accessors of auth methods whose log-ins are meant.').optional(),
  auth_method_types: f.list('Types of auth methods whose log-ins are meant.').optional(),
  identity_group_ids: f.list('Ids of groups whose members are meant.').optional(),
  identity_entity_ids: f.list('Ids of entities that are meant.').optional(),
}

export function enforcementPaths(ports: MfaPorts): readonly PathDefinition[] {
  return [
    definePath('mfa/login-enforcement', { help: 'What demands second factors.', params: {} }).list({
      summary: 'List the log-in enforcements.',
      operationId: 'mfa-list-login-enforcements',
      fields: pageFields,
      replies: { 200: keysReply },
      run: async (c) => {
        const namespace = c.request.namespace.id
        const names = await enforcements.list(c.view, `${namespace}/`, pageOf(c.in))
        return infoListing(names, async (name) => {
          const one = await enforcements.get(c.view, { namespace, name })
          return one && shown(one, c.request.namespace)
        })
      },
    }),
    definePath('mfa/login-enforcement/{name}', {
      help: 'Which log-ins have to show which second factors.',
      description:
        'A log-in that several enforcements name has to meet each of them, by any one of its methods. It gets its token once it did.',
      params: { name: f.name('Name of the enforcement.') },
    })
      .read({
        summary: 'Read a log-in enforcement.',
        operationId: 'mfa-read-login-enforcement',
        replies: { 200: enforcementReply },
        run: async (c) => {
          const found = await enforcements.get(c.view, { namespace: c.request.namespace.id, name: c.params.name })
          return okData(shown(found ?? absent(), c.request.namespace))
        },
      })
      .write({
        summary: 'Create a log-in enforcement, or change it; of whom it is for, what is left out stays.',
        operationId: 'mfa-write-login-enforcement',
        fields: wishes,
        replies: { 204: none },
        run: async (c) => {
          const key = { namespace: c.request.namespace.id, name: c.params.name }
          const before = (await enforcements.get(c.view, key)) ?? {
            id: uuid(),
            ...key,
            methods: [],
            accessors: [],
            types: [],
            groups: [],
            entities: [],
          }
          const wish = c.in
          if (wish.mfa_method_ids === undefined) throw enforcementErrors.NO_METHODS()
          for (const id of wish.mfa_method_ids)
            if (!(await methods.has(c.view, { id }))) throw enforcementErrors.UNKNOWN_METHOD()
          const changed = {
            ...before,
            methods: wish.mfa_method_ids,
            accessors: wish.auth_method_accessors ?? before.accessors,
            types: wish.auth_method_types ?? before.types,
            groups: wish.identity_group_ids ?? before.groups,
            entities: wish.identity_entity_ids ?? before.entities,
          }
          await check(c.view, changed, ports.mounts(c.request.namespace))
          const { mfa_method_ids: _, ...whom } = wish
          if (Object.values(whom).every((list) => list === undefined)) throw enforcementErrors.NOBODY()
          enforcements.put(c.view, key, changed)
          return done()
        },
      })
      .delete({
        summary: 'Delete a log-in enforcement.',
        operationId: 'mfa-delete-login-enforcement',
        replies: { 204: none },
        run: (c) => {
          enforcements.delete(c.view, { namespace: c.request.namespace.id, name: c.params.name })
          return done()
        },
      }),
  ]
}

/** A misspelt name would protect nobody. */
async function check(view: ReadView, wish: StoredEnforcement, mounts: readonly Mount[]): Promise<void> {
  const auths = mounts.filter(({ kind }) => kind === 'auth')
  for (const accessor of wish.accessors)
    if (!auths.some((mount) => mount.accessor === accessor)) throw enforcementErrors.ACCESSOR()
  for (const type of wish.types) if (!auths.some((mount) => mount.type === type)) throw enforcementErrors.TYPE()
  for (const id of wish.groups) if (!(await groups.has(view, { id }))) throw enforcementErrors.GROUP()
  for (const id of wish.entities) if ((await entityOrHeir(view, id)) === undefined) throw enforcementErrors.ENTITY()
}

function shown(one: StoredEnforcement, { path }: Namespace): { readonly [name: string]: JsonOut } {
  return {
    id: one.id,
    name: one.name,
    namespace_id: one.namespace,
    namespace_path: path,
    mfa_method_ids: one.methods,
    auth_method_accessors: one.accessors,
    auth_method_types: one.types,
    identity_group_ids: one.groups,
    identity_entity_ids: one.entities,
  }
}
