/**
 * A backup in the format of Vault and of the reference: base64 of JSON with the key as it is configured and all its versions. Whoever has
 * it has the key.
 */
import { createPublicKey } from 'node:crypto'
import { RawJson, stringify, toUtf8, type JsonOut } from '#framework'
import { rfc3339 } from '../../../../lib/rfc3339.ts'
import { rawPublic } from '../crypto/ed25519.ts'
import { toNumber } from '../crypto/modular.ts'
import { rsaNumbersOf, scalarOf } from '../crypto/pkcs8.ts'
import { isVisible, oldestVersion, type Key, type KeyVersion, type Moment } from '../key.ts'
import { pemOf } from '../pem.ts'

type Members = { readonly [name: string]: JsonOut }

const ZERO_TIME = '0001-01-01T00:00:00Z'
const NANOSECONDS = 1e9

/** `versions` are all that are stored, by number. */
export function writeBackup(key: Key, versions: ReadonlyMap<number, KeyVersion>): string {
  const entries = new Map([...versions].map(([number, version]) => [number, entryOf(key, version)]))
  const visible = [...entries].filter(([number]) => isVisible(key, number))
  const backup = {
    policy: policyOf(key, new Map(visible.map(([number, entry]) => [String(number), entry]))),
    archived_keys: { keys: archiveOf(key, entries) },
  }
  return Buffer.from(toUtf8(stringify(backup))).toString('base64')
}

/** By place: the first is that of the oldest version, or of version 0, which there never was. */
function archiveOf(key: Key, entries: ReadonlyMap<number, Members>): readonly Members[] {
  const first = key.minAvailableVersion === 0 ? 0 : oldestVersion(key)
  return Array.from({ length: key.latestVersion - first + 1 }, (_, i) => entries.get(first + i) ?? emptyEntry())
}

function policyOf(key: Key, keys: ReadonlyMap<string, Members>): Members {
  return {
    name: key.name,
    ...(key.keySize === 0 ? {} : { key_size: key.keySize }),
    keys,
    derived: key.derived,
    kdf: key.derived && key.kdf === 'hkdf' ? 1 : 0,
    convergent_encryption: key.convergent,
    exportable: key.exportable,
    min_decryption_version: key.minDecryptionVersion,
    min_encryption_version: key.minEncryptionVersion,
    latest_version: key.latestVersion,
    archive_version: key.latestVersion,
    archive_min_version: key.minAvailableVersion,
    min_available_version: key.minAvailableVersion,
    deletion_allowed: key.deletionAllowed,
    convergent_version: key.convergent ? -1 : 0,
    type: key.type.code,
    backup_info: momentOf(key.backup),
    restore_info: momentOf(key.restored),
    allow_plaintext_backup: key.allowPlaintextBackup,
    version_template: '',
    storage_prefix: '',
    auto_rotate_period: new RawJson(String(BigInt(key.autoRotatePeriod) * BigInt(NANOSECONDS))),
    Imported: key.imported,
    AllowImportedKeyRotation: key.allowImportedRotation,
    soft_deleted: key.softDeleted,
  }
}

function momentOf(moment: Moment | undefined): Members | null {
  return moment === undefined ? null : { time: rfc3339(moment.time), version: moment.version }
}

function emptyEntry(): Members {
  return {
    key: null,
    hmac_key: null,
    time: ZERO_TIME,
    ec_x: null,
    ec_y: null,
    ec_d: null,
    rsa_key: null,
    rsa_public_key: null,
    public_key: '',
    convergent_version: 0,
    creation_time: 0,
    certificate_chain: null,
  }
}

function entryOf(key: Key, version: KeyVersion): Members {
  const { hmacKey, certificateChain: chain } = version
  return {
    ...emptyEntry(),
    ...materialOf(key, version),
    hmac_key: base64(key.type.family === 'hmac' ? version.secret : hmacKey),
    time: rfc3339(version.createdAt),
    creation_time: Math.floor(version.createdAt / 1000),
    convergent_version: version.convergentVersion,
    certificate_chain: chain.length === 0 ? null : chain.map((der) => base64(der)),
  }
}

function materialOf({ type: { family } }: Key, { secret, publicKey }: KeyVersion): Members {
  if (family === 'rsa') return rsaOf(secret, publicKey)
  if (family === 'ecdsa') return curveOf(secret, publicKey)
  const text =
    publicKey === undefined
      ? ''
      : family === 'ed25519'
        ? Buffer.from(rawPublic(publicKey)).toString('base64')
        : pemOf('PUBLIC KEY', publicKey)
  return { key: base64(secret), public_key: text }
}

function rsaOf(secret: Uint8Array | undefined, publicKey: Uint8Array | undefined): Members {
  if (secret === undefined) {
    const jwk = publicJwk(publicKey)
    return { rsa_public_key: { N: number(decoded(jwk.n)), E: number(decoded(jwk.e)) } }
  }
  const { n, e, d, p, q, dp, dq, qi } = rsaNumbersOf(secret)
  const shown = { N: number(n), E: number(e) }
  const precomputed = { Dp: number(dp), Dq: number(dq), Qinv: number(qi), CRTValues: [] }
  return {
    rsa_key: { ...shown, D: number(d), Primes: [number(p), number(q)], Precomputed: precomputed },
    rsa_public_key: shown,
  }
}

function curveOf(secret: Uint8Array | undefined, publicKey: Uint8Array | undefined): Members {
  const { x, y } = publicJwk(publicKey)
  return {
    ec_x: number(decoded(x)),
    ec_y: number(decoded(y)),
    ec_d: secret === undefined ? null : number(scalarOf(secret)),
    public_key: publicKey === undefined ? '' : pemOf('PUBLIC KEY', publicKey),
  }
}

function publicJwk(publicKey: Uint8Array | undefined) {
  return createPublicKey({ key: Buffer.from(publicKey ?? []), format: 'der', type: 'spki' }).export({ format: 'jwk' })
}

function decoded(base64url: string | undefined): Buffer {
  return Buffer.from(base64url ?? '', 'base64url')
}

function number(bytes: Uint8Array): RawJson {
  return new RawJson(String(toNumber(bytes)))
}

function base64(bytes: Uint8Array | undefined): string | null {
  return bytes === undefined ? null : Buffer.from(bytes).toString('base64')
}
