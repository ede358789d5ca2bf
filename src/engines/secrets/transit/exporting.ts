/** Keys in the forms in which they leave the server. */
import { toBase64 } from './base64.ts'
import { pkcs8FromSeed, rawPublic, seedOf } from './crypto/ed25519.ts'
import { pkcs1Of, sec1Of } from './crypto/pkcs8.ts'
import { transitErrors } from './errors.ts'
import type { Key, KeyVersion } from './key.ts'
import { encrypts, isSymmetric, signs } from './key-types.ts'
import { pemOf } from './pem.ts'

export const exportTypes = [
  'encryption-key',
  'signing-key',
  'hmac-key',
  'cmac-key',
  'public-key',
  'certificate-chain',
] as const
export type ExportType = (typeof exportTypes)[number]

export const exportFormats = ['', 'raw', 'der', 'pem'] as const
export type ExportFormat = (typeof exportFormats)[number]

/** Throws where keys of the type have none of what is asked for. */
export function assertExports({ type }: Key, what: ExportType): void {
  if (what === 'encryption-key' && !encrypts(type)) throw transitErrors.EXPORT_UNSUPPORTED({ what: 'encryption' })
  if (what === 'signing-key' && !signs(type)) throw transitErrors.EXPORT_UNSUPPORTED({ what: 'signing' })
  if (what === 'certificate-chain' && !signs(type)) throw transitErrors.EXPORT_NO_CHAINS()
  if (what === 'cmac-key' && type.family !== 'cmac') throw transitErrors.EXPORT_UNSUPPORTED({ what: 'CMAC' })
}

/** Empty where the version has no private key. */
export function exported(key: Key, version: KeyVersion, what: ExportType, format: ExportFormat): string {
  switch (what) {
    case 'hmac-key':
      return rawOnly(key.type.family === 'hmac' ? version.secret : version.hmacKey, format, 'HMAC key')
    case 'cmac-key':
      return rawOnly(version.secret, format, 'CMAC key')
    case 'public-key':
      return publicText(key, version, format)
    case 'certificate-chain':
      if (version.certificateChain.length === 0) throw transitErrors.EXPORT_NO_CHAIN()
      return version.certificateChain.map((der) => pemOf('CERTIFICATE', der).trim()).join('\n')
    default:
      return isSymmetric(key.type)
        ? rawOnly(version.secret, format, 'symmetric key')
        : privateText(key, version.secret, format)
  }
}

function rawOnly(secret: Uint8Array | undefined, format: ExportFormat, what: string): string {
  if (format === 'der' || format === 'pem') throw transitErrors.EXPORT_FORMAT_OF({ what, known: '`` or `raw`' })
  return secret === undefined ? '' : toBase64(secret)
}

function noRaw({ type }: Key, format: ExportFormat): void {
  if (format === 'raw') throw transitErrors.EXPORT_FORMAT_OF({ what: `${type.name} key`, known: '``, `der`, or `pem`' })
}

/** Of Ed25519 both halves in base64, of ECDSA and RSA what their own standards say, of the others PKCS #8. */
function privateText(key: Key, secret: Uint8Array | undefined, format: ExportFormat): string {
  const { family } = key.type
  if (family === 'ed25519' && (format === '' || format === 'raw')) return secret === undefined ? '' : toBase64(secret)
  noRaw(key, format)
  if (secret === undefined) return ''
  const pkcs8 = family === 'ed25519' ? pkcs8FromSeed(seedOf(secret)) : secret
  if (format === 'der') return toBase64(pkcs8)
  if (format === 'pem') return trimmed(key, pemOf('PRIVATE KEY', pkcs8))
  if (family === 'rsa') return pemOf('RSA PRIVATE KEY', pkcs1Of(pkcs8))
  if (family === 'ecdsa') return pemOf('EC PRIVATE KEY', sec1Of(pkcs8)).trim()
  return pemOf('PRIVATE KEY', pkcs8)
}

function publicText(key: Key, { publicKey }: KeyVersion, format: ExportFormat): string {
  const { family, name } = key.type
  if (publicKey === undefined) throw transitErrors.EXPORT_MISMATCH({ type: name, what: 'public-key' })
  if (family === 'ed25519' && (format === '' || format === 'raw')) return toBase64(rawPublic(publicKey))
  noRaw(key, format)
  return format === 'der' ? toBase64(publicKey) : trimmed(key, pemOf('PUBLIC KEY', publicKey))
}

/** Vault leaves the last line end to RSA keys alone. */
function trimmed({ type: { family } }: Key, pem: string): string {
  return family === 'ecdsa' || family === 'ed25519' ? pem.trim() : pem
}

/** The versions that a request for `text` means. Throws `TRANSIT_EXPORT_…`. */
export function exportVersions(key: Key, text: string, all: readonly number[]): readonly number[] {
  if (text === '') return all
  const digits = text.replace(/^v/, '')
  if (text !== 'latest' && !/^\d{1,10}$/.test(digits)) throw transitErrors.EXPORT_VERSION()
  const number = text === 'latest' ? key.latestVersion : Number(digits)
  if (number < key.minDecryptionVersion) throw transitErrors.EXPORT_BELOW_MINIMUM()
  if (number > key.latestVersion) throw transitErrors.EXPORT_NO_VERSION()
  return [number]
}
