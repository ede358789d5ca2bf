/** The paths of `sys/mfa/method`: methods that policies name. They work on the storage of the namespace's identities. */
import {
  absent,
  badRequest,
  definePath,
  done,
  f,
  listing,
  none,
  okData,
  parseFields,
  replySchema,
  type CallContext,
  type Input,
  type PathDefinition,
  type ReadView,
  type WriteView,
} from '#framework'
import { uuid } from '../../../../../lib/secure/random.ts'
import type { Mount } from '../../../../../request/mount.ts'
import type { Namespace } from '../../../../../request/request.ts'
import { methodErrors, secretErrors } from '../errors.ts'
import { methodKinds } from '../methods/kinds.ts'
import type { MethodKind } from '../methods/kind.ts'
import { methodTypes, totpSecrets } from '../store.ts'
import { keepSecret, makeSecret, secretReply } from '../totp-secret.ts'
import { deleteStepUpMethod, putStepUpMethod, stepUpMethod, stepUpMethods, type StepUpMethod } from './store.ts'

export interface StepUpPathPorts {
  /** Prefix of the storage of a namespace's identities. */
  storage(namespace: Namespace): string
  mounts(namespace: Namespace): readonly Mount[]
}

const name = 'Name of the method, as policies say it.'
const keysReply = replySchema('Names of the methods.', { keys: f.list('The names.'), key_info: f.map('What each is.') })
const entityField = { entity_id: f.string('Id of the entity.').default('') }
const accessorField = {
  mount_accessor: f.string('Accessor of the auth method by whose alias the service knows the entity.').default(''),
}

export function stepUpPaths(ports: StepUpPathPorts): readonly PathDefinition[] {
  const own = <V extends ReadView>(c: CallContext & { readonly view: V }) => sub(c.view, ports, c.request.namespace)
  const list = definePath('mfa/method', { help: 'Methods of second factors that policies name.', params: {} }).list({
    summary: 'List the methods that policies name.',
    replies: { 200: keysReply },
    run: async (c) => {
      const found = await stepUpMethods(own(c))
      const info = new Map(found.map((method) => [method.name, { id: method.id, type: method.type }]))
      return listing([...info.keys()], { key_info: info })
    },
  })
  return [list, ...methodTypes.flatMap((type) => pathOf(ports, methodKinds[type])), ...secretPaths(ports)]
}

function sub<V extends ReadView>(view: V, ports: StepUpPathPorts, namespace: Namespace): ReturnType<V['sub']> {
  // A view that writes gives one that writes.
  return view.sub(ports.storage(namespace)) as ReturnType<V['sub']>
}

function pathOf(ports: StepUpPathPorts, kind: MethodKind): PathDefinition {
  const { type, help } = kind
  const asksByName = type !== 'totp'
  const fields = asksByName ? { ...accessorField, ...kind.fields } : kind.fields
  return definePath(`mfa/method/${type}/{name}` as const, {
    help: `${help} Demanded by policies that name it in \`mfa_methods\`.`,
    params: { name },
  })
    .read({
      summary: 'Read a method.',
      replies: { 200: replySchema('The method, without its secrets.', kind.replyFields) },
      run: async (c) => {
        const method = await stepUpMethod(sub(c.view, ports, c.request.namespace), c.params.name)
        if (method?.type !== type) return absent()
        const { id, mount_accessor } = method
        const more = asksByName ? { mount_accessor } : {}
        return okData({ ...kind.shown(method), ...more, id, name: method.name, type })
      },
    })
    .write({
      summary: 'Create a method, or put other settings in its place.',
      fields,
      replies: { 204: none },
      run: async (c) => {
        const view = sub(c.view, ports, c.request.namespace)
        const before = await stepUpMethod(view, c.params.name)
        // A method that became another would be met by what it was not meant for.
        if (before !== undefined && before.type !== type) throw methodErrors.NAME_TAKEN({ name: c.params.name })
        putStepUpMethod(view, wished(kind, c.params.name, c.given, c.request.namespace, ports, before))
        return done()
      },
    })
    .delete({
      summary: 'Delete a method. A policy that names it denies from then on.',
      replies: { 204: none },
      run: async (c) => {
        const view = sub(c.view, ports, c.request.namespace)
        const method = await stepUpMethod(view, c.params.name)
        if (method?.type === type) deleteStepUpMethod(view, method)
        return done()
      },
    })
}

function wished(
  kind: MethodKind,
  named: string,
  given: ReadonlyMap<string, Input>,
  namespace: Namespace,
  ports: StepUpPathPorts,
  before: StepUpMethod | undefined,
): StepUpMethod {
  const accessor = kind.type === 'totp' ? '' : parseFields(accessorField, given).mount_accessor
  const isThere = ports.mounts(namespace).some((mount) => mount.kind === 'auth' && mount.accessor === accessor)
  if (kind.type !== 'totp' && !isThere)
    badRequest('mount_accessor takes the accessor of an auth method that is mounted')
  return {
    id: before?.id ?? uuid(),
    type: kind.type,
    name: named,
    namespace: namespace.id,
    username_format: kind.usernameFormat(given) ?? '',
    mount_accessor: accessor,
    totp: undefined,
    duo: undefined,
    okta: undefined,
    pingid: undefined,
    ...kind.settings(given),
  }
}

function secretPaths(ports: StepUpPathPorts): readonly PathDefinition[] {
  const make = async (c: CallContext & { readonly view: ReadView }, named: string, entityId: string) => {
    if (entityId === '') throw secretErrors.NO_ENTITY()
    const view = sub(c.view, ports, c.request.namespace)
    return makeSecret(view, c.request.namespace.id, await totpOf(view, named), entityId)
  }
  const keep = async (c: CallContext & { readonly view: WriteView }, made: Awaited<ReturnType<typeof make>>) => {
    const view = c.view.sub(ports.storage(c.request.namespace))
    await totpOf(view, made.method.name)
    return keepSecret(view, c.request.namespace.id, made)
  }
  return [
    definePath('mfa/method/totp/{name}/generate', {
      help: 'A key for one’s own authenticator.',
      params: { name },
    }).readWriting({
      summary: 'Make a key for the caller’s entity, unless it has one.',
      replies: { 200: secretReply },
      prepare: (c) => make(c, c.params.name, c.caller?.entityId ?? ''),
      run: (c, made) => keep(c, made),
    }),
    definePath('mfa/method/totp/{name}/admin-generate', {
      help: 'A key for the authenticator of any entity.',
      params: { name },
    }).write({
      summary: 'Make a key for an entity, unless it has one.',
      fields: entityField,
      replies: { 200: secretReply },
      prepare: (c) => make(c, c.params.name, c.in.entity_id),
      run: (c, made) => keep(c, made),
    }),
    definePath('mfa/method/totp/{name}/admin-destroy', {
      help: 'Takes an entity’s key away, so that it can get another.',
      params: { name },
    }).write({
      summary: 'Destroy the key of an entity.',
      fields: entityField,
      replies: { 204: none },
      run: async (c) => {
        const { entity_id: entity } = c.in
        if (entity === '' || entity.includes('/')) throw secretErrors.NO_ENTITY_TO_DESTROY()
        const view = c.view.sub(ports.storage(c.request.namespace))
        totpSecrets.delete(view, { entity, method: (await totpOf(view, c.params.name)).id })
        return done()
      },
    }),
  ]
}

async function totpOf(view: ReadView, named: string): Promise<StepUpMethod> {
  const method = await stepUpMethod(view, named)
  return method?.type === 'totp' ? method : absent()
}
