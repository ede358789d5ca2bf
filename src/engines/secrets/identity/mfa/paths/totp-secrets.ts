import { definePath, done, f, none, type PathDefinition, type ReadView, type Reply, type WriteView } from '#framework'
import { entityById } from '../../entities.ts'
import { secretErrors } from '../errors.ts'
import { methods, totpSecrets } from '../store.ts'
import { keepSecret, makeSecret, secretReply, type MadeSecret } from '../totp-secret.ts'

const methodField = { method_id: f.string('Id of the method.').default('') }
const bothFields = { ...methodField, entity_id: f.string('Id of the entity.').default('') }

export function totpSecretPaths(): readonly PathDefinition[] {
  return [
    definePath('mfa/method/totp/generate', {
      help: 'A key for one’s own authenticator.',
      description: 'For the entity of the token that asks.',
      params: {},
    }).write({
      summary: 'Make a key for the caller’s entity, unless it has one.',
      operationId: 'mfa-generate-totp-secret',
      fields: methodField,
      replies: { 200: secretReply },
      prepare: (c) => make(c.view, c.request.namespace.id, c.in.method_id, c.caller?.entityId ?? ''),
      run: (c, made) => keep(c.view, c.request.namespace.id, made),
    }),
    definePath('mfa/method/totp/admin-generate', {
      help: 'A key for the authenticator of any entity.',
      params: {},
    }).write({
      summary: 'Make a key for an entity, unless it has one.',
      operationId: 'mfa-admin-generate-totp-secret',
      fields: bothFields,
      replies: { 200: secretReply },
      prepare: (c) => make(c.view, c.request.namespace.id, c.in.method_id, c.in.entity_id),
      run: (c, made) => keep(c.view, c.request.namespace.id, made),
    }),
    definePath('mfa/method/totp/admin-destroy', {
      help: 'Takes an entity’s key away, so that it can get another.',
      params: {},
    }).write({
      summary: 'Destroy the key of an entity.',
      operationId: 'mfa-admin-destroy-totp-secret',
      fields: bothFields,
      replies: { 204: none },
      run: async (c) => {
        const { method_id: id, entity_id: entityId } = c.in
        if (id === '') throw secretErrors.NO_METHOD()
        if (entityId === '') throw secretErrors.NO_ENTITY_TO_DESTROY()
        const entity = await entityById(c.view, c.request.namespace.id, entityId)
        if (entity === undefined) throw secretErrors.UNKNOWN_ENTITY()
        const method = await methods.get(c.view, { id })
        if (method === undefined) throw secretErrors.UNKNOWN_METHOD({ id })
        if (method.type !== 'totp') throw secretErrors.NOT_TOTP()
        totpSecrets.delete(c.view, { entity: entity.id, method: id })
        return done()
      },
    }),
  ]
}

async function make(view: ReadView, namespace: string, methodId: string, entityId: string): Promise<MadeSecret> {
  if (methodId === '') throw secretErrors.NO_METHOD()
  if (entityId === '') throw secretErrors.NO_ENTITY()
  const method = await methods.get(view, { id: methodId })
  if (method === undefined) throw secretErrors.UNKNOWN_METHOD({ id: methodId })
  return makeSecret(view, namespace, method, entityId)
}

async function keep(view: WriteView, namespace: string, made: MadeSecret): Promise<Reply> {
  // Whatever has become of it since the key was made.
  if (!(await methods.has(view, { id: made.method.id }))) throw secretErrors.UNKNOWN_METHOD({ id: made.method.id })
  return keepSecret(view, namespace, made)
}
