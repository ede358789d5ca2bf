/** What the paths answer, member for member as Vault does. */
import { f, replySchema, type JsonOut, type ReadView } from '#framework'
import { rfc3339 } from '../../../lib/rfc3339.ts'
import { ed25519Pair } from '../../../lib/secure/ed25519.ts'
import { toBase64 } from './base64.ts'
import { pemOf } from './pem.ts'
import { publicIn, rawPublic } from './crypto/ed25519.ts'
import { visibleVersions, type Key, type KeyVersion, type Moment } from './key.ts'
import { derives, encrypts, isSymmetric, signs } from './key-types.ts'
import { LoadedVersion } from './loaded-key.ts'
import { keyVersions } from './store.ts'

export const keyReply = replySchema('A named key.', {
  name: f.string('Its name.'),
  type: f.string('Its type.'),
  derived: f.bool('A key of its own follows from the context of each request.'),
  deletion_allowed: f.bool('The key may be deleted.'),
  min_available_version: f.int('The oldest version that is stored; 0 before the first trim.'),
  min_decryption_version: f.int('The oldest version that decrypts and verifies.'),
  min_encryption_version: f.int('The oldest version that encrypts and signs; 0 for the latest alone.'),
  latest_version: f.int('The newest version.'),
  exportable: f.bool('The key may leave the server.'),
  allow_plaintext_backup: f.bool('The key may be backed up in clear.'),
  supports_encryption: f.bool('It encrypts.'),
  supports_decryption: f.bool('It decrypts.'),
  supports_signing: f.bool('It signs.'),
  supports_derivation: f.bool('Keys can be derived from it.'),
  auto_rotate_period: f.int('Seconds after which it rotates by itself; 0 for never.'),
  imported_key: f.bool('Its material came from outside.'),
  imported_key_allow_rotation: f.bool('An imported key may be rotated here.'),
  soft_deleted: f.bool('Nothing is done with it until it is restored.'),
  key_size: f.int('Bytes of an HMAC key.'),
  kdf: f.string('How keys are derived.'),
  kdf_mode: f.string('How keys were derived by the first versions of Vault.'),
  convergent_encryption: f.bool('The same plaintext and context give the same ciphertext.'),
  convergent_encryption_version: f.int('-1: each version knows its scheme.'),
  backup_info: f.object({ time: f.time(), version: f.int() }, 'The last backup.'),
  restore_info: f.object({ time: f.time(), version: f.int() }, 'The last restoration.'),
  keys: f.map('The versions: when each was made, and its public key.'),
})

export const namesReply = replySchema('Names of keys.', { keys: f.strings('The names.') })

/** `context` shows the public keys of a derived key; empty for none. */
export async function keyOut(view: ReadView, key: Key, context: Uint8Array = new Uint8Array(0)): Promise<JsonMembers> {
  const { type, derived } = key
  return {
    name: key.name,
    type: type.name,
    derived,
    deletion_allowed: key.deletionAllowed,
    min_available_version: key.minAvailableVersion,
    min_decryption_version: key.minDecryptionVersion,
    min_encryption_version: key.minEncryptionVersion,
    latest_version: key.latestVersion,
    exportable: key.exportable,
    allow_plaintext_backup: key.allowPlaintextBackup,
    supports_encryption: encrypts(type),
    supports_decryption: encrypts(type),
    supports_signing: signs(type),
    supports_derivation: derives(type),
    auto_rotate_period: key.autoRotatePeriod,
    imported_key: key.imported,
    soft_deleted: key.softDeleted,
    ...(key.imported ? { imported_key_allow_rotation: key.allowImportedRotation } : {}),
    ...(key.keySize === 0 ? {} : { key_size: key.keySize }),
    ...(key.backup === undefined ? {} : { backup_info: momentOut(key.backup) }),
    ...(key.restored === undefined ? {} : { restore_info: momentOut(key.restored) }),
    ...(derived ? derivationOut(key) : {}),
    ...(type.family === 'hmac' || type.family === 'cmac' ? {} : { keys: await versionsOut(view, key, context) }),
  }
}

type JsonMembers = { readonly [name: string]: JsonOut }

function derivationOut({ kdf, convergent }: Key): JsonMembers {
  return {
    ...(kdf === 'hkdf' ? { kdf: 'hkdf_sha256' } : { kdf: 'hmac-sha256-counter', kdf_mode: 'hmac-sha256-counter' }),
    convergent_encryption: convergent,
    ...(convergent ? { convergent_encryption_version: -1 } : {}),
  }
}

function momentOut({ time, version }: Moment): JsonMembers {
  return { time: rfc3339(time), version }
}

async function versionsOut(view: ReadView, key: Key, context: Uint8Array): Promise<ReadonlyMap<string, JsonOut>> {
  const out = new Map<string, JsonOut>()
  for (const number of visibleVersions(key)) {
    const version = await keyVersions.require(view, key.name, number)
    out.set(
      String(number),
      isSymmetric(key.type) ? Math.floor(version.createdAt / 1000) : publicOut(key, number, version, context),
    )
  }
  return out
}

function publicOut(key: Key, number: number, version: KeyVersion, context: Uint8Array): JsonMembers {
  return {
    certificate_chain: version.certificateChain.map((der) => pemOf('CERTIFICATE', der).trim()).join('\n'),
    creation_time: rfc3339(version.createdAt),
    name: key.type.label,
    public_key: key.derived ? derivedPublic(key, number, version, context) : publicText(key, version),
  }
}

/** Of Ed25519 the 32 bytes in base64, as Vault has it; of the others PEM. */
function publicText({ type }: Key, { publicKey }: KeyVersion): string {
  if (publicKey === undefined) return ''
  return type.family === 'ed25519' ? toBase64(rawPublic(publicKey)) : pemOf('PUBLIC KEY', publicKey)
}

function derivedPublic(key: Key, number: number, version: KeyVersion, context: Uint8Array): string {
  if (context.length === 0) return ''
  const seed = new LoadedVersion(key, number, version).derive(context, 32)
  return toBase64(publicIn(ed25519Pair(seed)))
}
