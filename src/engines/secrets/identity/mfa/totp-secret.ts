/** The key of an entity's authenticator: made, and told once. Views are those of the mount. */
import { ok, replySchema, f, type ReadView, type Reply, type WriteView } from '#framework'
import { barcode } from '../../../../lib/otp/barcode.ts'
import { toBase32 } from '../../../../lib/otp/base32.ts'
import { otpauthUri } from '../../../../lib/otp/uri.ts'
import { freshBytes } from '../../../../lib/secure/random.ts'
import { entityById } from '../entities.ts'
import { secretErrors } from './errors.ts'
import { totpSecrets, totpTries, type StoredMethod, type StoredSecret, type TotpSettings } from './store.ts'

export const secretReply = replySchema('The new key, told this once.', {
  url: f.string('The key as an otpauth:// address, which authenticators read.').sensitive(),
  barcode: f.string('The same as a QR code: a PNG in Base64. Empty where the method wants none.').sensitive(),
})

/** A key that was made for an entity, and how its holder is told. */
export interface MadeSecret {
  readonly method: StoredMethod
  readonly entity: string
  readonly secret: StoredSecret
  readonly told: { readonly url: string; readonly barcode: string }
}

export async function makeSecret(
  view: ReadView,
  namespace: string,
  method: StoredMethod,
  entityId: string,
): Promise<MadeSecret> {
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

/** That the method is there still is the caller's to see to. */
export async function keepSecret(view: WriteView, namespace: string, made: MadeSecret): Promise<Reply> {
  const { method, entity, secret, told } = made
  const key = { entity, method: method.id }
  // Whatever has become of it since the key was made.
  if ((await entityById(view, namespace, entity)) === undefined) throw secretErrors.UNKNOWN_ENTITY()
  if (await totpSecrets.has(view, key))
    return { status: 200, warnings: [`Entity already has a secret for MFA method "${method.name}"`] }
  totpSecrets.put(view, key, secret)
  // Codes of another key say nothing of this one.
  totpTries.delete(view, key)
  return ok(secretReply, told)
}
