import {
  absent,
  definePath,
  done,
  f,
  listing,
  none,
  ok,
  okData,
  pageFields,
  pageOf,
  parseFields,
  replySchema,
  type Input,
  type JsonOut,
  type PathDefinition,
  type ReadView,
  type Reply,
  type WriteView,
} from '#framework'
import { uuid } from '../../../../../lib/secure/random.ts'
import { parseIdentityTemplate } from '../../../../../lib/identity-template.ts'
import { enforcementsOf } from '../enforcements.ts'
import { methodErrors } from '../errors.ts'
import { methodNamed, deleteMethod, putMethod } from '../methods.ts'
import { methodKinds } from '../methods/kinds.ts'
import type { MethodKind } from '../methods/kind.ts'
import { methods, methodTypes, type StoredMethod } from '../store.ts'

const methodId = 'Id of the method.'
const keysReply = replySchema('Ids of the methods, and what each of them is.', {
  keys: f.strings('The ids.'),
  key_info: f.map('What is known of each, by its id.'),
})
const createdReply = replySchema('The new method.', { method_id: f.string(methodId) })
const commonReply = {
  id: f.string(methodId),
  type: f.string('totp, duo, okta or pingid.'),
  name: f.string('Its name; empty for none.'),
  namespace_id: f.string('Namespace it belongs to.'),
  namespace_path: f.string('Path of that.'),
}
const anyReply = replySchema('What is known of a method, without its secrets.', commonReply)
const nameField = { method_name: f.string('Its name, by which log-ins may speak of it.').default('') }

export function methodPaths(): readonly PathDefinition[] {
  const every = definePath('mfa/method', { help: 'All methods of second factors.', params: {} }).list({
    summary: 'List the methods of every type.',
    operationId: 'mfa-list-methods',
    fields: pageFields,
    replies: { 200: keysReply },
    run: async (c) => listed(c.view, c.request.namespace.id, pageOf(c.in)),
  })
  const one = definePath('mfa/method/{method_id}', {
    help: 'A method of any type.',
    params: { method_id: methodId },
  }).read({
    summary: 'Read a method.',
    operationId: 'mfa-read-method',
    replies: { 200: anyReply },
    run: async (c) => okData(shownMethod((await methods.get(c.view, { id: c.params.method_id })) ?? absent())),
  })
  return [every, one, ...methodTypes.flatMap((type) => pathsOf(methodKinds[type]))]
}

function pathsOf(kind: MethodKind): readonly PathDefinition[] {
  const { type, noun, help } = kind
  const fields = { ...nameField, ...kind.fields }
  const reply = replySchema('What is known of the method, without its secrets.', {
    ...commonReply,
    ...kind.replyFields,
  })
  return [
    definePath(`mfa/method/${type}` as const, { help, params: {} })
      .write({
        summary: `Create a method, or change the one that has the name.`,
        operationId: `mfa-create-${noun}-method`,
        fields,
        replies: { 200: createdReply },
        run: async (c) => {
          const id = await upsert(c.view, kind, c.given, c.request.namespace.id, undefined)
          return ok(createdReply, { method_id: id })
        },
      })
      .list({
        summary: 'List the methods of this type.',
        operationId: `mfa-list-${noun}-methods`,
        fields: pageFields,
        replies: { 200: keysReply },
        run: async (c) => listed(c.view, c.request.namespace.id, pageOf(c.in), type),
      }),
    definePath(`mfa/method/${type}/{method_id}` as const, { help, params: { method_id: methodId } })
      .read({
        summary: 'Read a method.',
        operationId: `mfa-read-${noun}-method`,
        replies: { 200: reply },
        run: async (c) => okData(shownMethod(await ofType(c.view, c.params.method_id, kind))),
      })
      .write({
        summary:
          'Change a method. What is left out is set to its default, except the name and username_format, which stay.',
        operationId: `mfa-update-${noun}-method`,
        fields,
        replies: { 204: none },
        run: async (c) => {
          const before = await ofType(c.view, c.params.method_id, kind)
          await upsert(c.view, kind, c.given, c.request.namespace.id, before)
          return done()
        },
      })
      .delete({
        summary: 'Delete a method that no log-in enforcement names.',
        operationId: `mfa-delete-${noun}-method`,
        replies: { 204: none },
        run: async (c) => {
          const found = await methods.get(c.view, { id: c.params.method_id })
          if (found === undefined) return done()
          if (found.type !== type) throw methodErrors.OTHER_TYPE({ type })
          // Also where one is made at the same time: of the two one is run again and refused.
          for (const { id, methods: used } of await enforcementsOf(c.view, c.request.namespace.id))
            if (used.includes(found.id)) throw methodErrors.IN_USE({ id })
          deleteMethod(c.view, found)
          return done()
        },
      }),
  ]
}

async function upsert(
  view: WriteView,
  kind: MethodKind,
  given: ReadonlyMap<string, Input>,
  namespace: string,
  addressed: StoredMethod | undefined,
): Promise<string> {
  const { method_name: wished } = parseFields(nameField, given)
  const named = wished === '' ? undefined : await methodNamed(view, namespace, wished)
  if (named !== undefined && addressed !== undefined && named.id !== addressed.id)
    throw methodErrors.NAME_TAKEN({ name: wished })
  const before = addressed ?? named
  // A method that became another would be met by what it was not meant for.
  if (before !== undefined && before.type !== kind.type) throw methodErrors.NAME_TAKEN({ name: wished })
  const format = kind.usernameFormat(given)
  if (format !== undefined && parseIdentityTemplate(format) === undefined) throw methodErrors.USERNAME_FORMAT()
  const method: StoredMethod = {
    id: before?.id ?? uuid(),
    type: kind.type,
    name: wished === '' ? (before?.name ?? '') : wished,
    namespace,
    username_format: format ?? before?.username_format ?? '',
    totp: undefined,
    duo: undefined,
    okta: undefined,
    pingid: undefined,
    ...kind.settings(given),
  }
  putMethod(view, method, before)
  return method.id
}

/** Throws an absence, or `MFA_METHOD_OTHER_TYPE`. */
async function ofType(view: ReadView, id: string, { type }: MethodKind): Promise<StoredMethod> {
  const found = (await methods.get(view, { id })) ?? absent()
  if (found.type !== type) throw methodErrors.OTHER_TYPE({ type })
  return found
}

async function listed(
  view: ReadView,
  namespace: string,
  page: ReturnType<typeof pageOf>,
  type?: string,
): Promise<Reply> {
  const info = new Map<string, JsonOut>()
  for (const id of await methods.list(view, '', page.after === undefined ? {} : { after: page.after })) {
    const method = await methods.get(view, { id })
    if (method === undefined || method.namespace !== namespace) continue
    if (type !== undefined && method.type !== type) continue
    if (page.limit !== undefined && info.size >= page.limit) break
    info.set(id, shownMethod(method))
  }
  return listing([...info.keys()], { key_info: info })
}

function shownMethod(method: StoredMethod): { readonly [name: string]: JsonOut } {
  const { id, type, name, namespace } = method
  // There is no namespace but the root yet.
  return { ...methodKinds[type].shown(method), id, type, name, namespace_id: namespace, namespace_path: '' }
}
