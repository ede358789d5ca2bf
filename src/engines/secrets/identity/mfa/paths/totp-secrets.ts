import {
  definePath,
  done,
  f,
  none,
  ok,
  replySchema,
  type PathDefinition,
  type ReadView,
  type Reply,
  type WriteView,
} from '#framework'
import { barcode } from '../../../../../lib/otp/barcode.ts'
import { toBase32 } from '../../../../../lib/otp/base32.ts'
import { otpauthUri } from '../../../../../lib/otp/uri.ts'
import { freshBytes } from '../../../../../lib/secure/random.ts'
import { entityById } from '../../entities.ts'
import { secretErrors } from '../errors.ts'
import { methods, totpSecrets, totpTries, type StoredMethod, type StoredSecret, type TotpSettings } from '../store.ts'

const secretReply = replySchema('The new key, told this once.', {
  url: f.string('The key as an otpauth:// address, which authenticators read.').sensitive(),
  barcode: f.string('The same as a QR code: a PNG in Base64. Empty where the method wants none.').sensitive(),
})
const methodField = { method_id: f.string('Id of the method.').default('') }
const bothFields = { ...methodField, entity_id: f.string('Id of the entity.').default('') }

/** A key that was made for an entity, and how its holder is told. */
interface Made {
  readonly method: StoredMethod
  readonly entity: string
  readonly secret: StoredSecret
  readonly told: { readonly url: string; readonly barcode: string }
}

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

async function make(view: ReadView, namespace: string, methodId: string, entityId: string): Promise<Made> {
  if (methodId === '') throw secretErrors.NO_METHOD()
  if (entityId === '') throw secretErrors.NO_ENTITY()
  const method = await methods.get(view, { id: methodId })
  if (method === undefined) throw secretErrors.UNKNOWN_METHOD({ id: methodId })
  const entity = await entityById(view, namespace, entityId)
  if (entity === undefined) throw secretErrors.UNKNOWN_ENTITY()
  if (method.totp === undefined) throw secretErrors.NOT_GENERATED({ type: method.type })
  const { algorithm, digits, period, skew, issuer, key_size: size } = method.totp
  const secret = freshBytes(size)
  const url = otpauthUri({ secret, algorithm, digits, period, issuer, accountName: entity.id })
  return {
    method,
    entity: entity.id,
    secret: { key: toBase32(secret), algorithm, digits, period, skew },
    told: { url, barcode: await pictureOf(url, method.totp) },
  }
}

async function pictureOf(url: string, { qr_size: size }: TotpSettings): Promise<string> {
  if (size === 0) return ''
  const picture = await barcode(url, size)
  if (typeof picture === 'string') return picture
  throw 'tooSmall' in picture ? secretErrors.SMALL_QR({ least: picture.tooSmall }) : secretErrors.LONG_QR()
}

async function keep(view: WriteView, namespace: string, { method, entity, secret, told }: Made): Promise<Reply> {
  const key = { entity, method: method.id }
  // Whatever has become of them since the key was made.
  if (!(await methods.has(view, { id: method.id }))) throw secretErrors.UNKNOWN_METHOD({ id: method.id })
  if ((await entityById(view, namespace, entity)) === undefined) throw secretErrors.UNKNOWN_ENTITY()
  if (await totpSecrets.has(view, key))
    return { status: 200, warnings: [`Entity already has a secret for MFA method "${method.name}"`] }
  totpSecrets.put(view, key, secret)
  // Codes of another key say nothing of this one.
  totpTries.delete(view, key)
  return ok(secretReply, told)
}
