/** Keys from outside. */
import type { ReadView, WriteView } from '#framework'
import { fromBase64 } from './base64.ts'
import type { Material } from './crypto/generate.ts'
import { oaepHash, unwrapKey } from './crypto/key-wrap.ts'
import { privateMaterial, publicMaterial } from './crypto/parse-key.ts'
import { transitErrors } from './errors.ts'
import { assertUsable, type Key, type KeyVersion } from './key.ts'
import { isSymmetric, type KeyType } from './key-types.ts'
import { keys, keyVersions, wrappingKey } from './store.ts'
import { addVersion, versionOf } from './versions.ts'
import { privateKeyOf } from './wrapping-key.ts'

export interface ImportFields {
  readonly ciphertext: string | undefined
  readonly public_key: string | undefined
  readonly hash_function: string
}

/** The material in a request. Throws `TRANSIT_IMPORT_…`. */
export async function importedMaterial(view: ReadView, type: KeyType, given: ImportFields): Promise<Material> {
  assertOneGiven(given)
  if (given.ciphertext === undefined) return publicMaterial(type, given.public_key ?? '')
  const hash = oaepHash(given.hash_function)
  const wrapped = fromBase64(given.ciphertext)
  const stored = await wrappingKey.get(view)
  // Nobody can have wrapped anything under a key that was never made.
  if (stored === undefined) throw transitErrors.IMPORT_UNWRAP()
  return privateMaterial(type, unwrapKey(privateKeyOf(stored), wrapped, hash))
}

export function assertOneGiven({ ciphertext, public_key: publicKey }: ImportFields): void {
  if (ciphertext !== undefined && publicKey !== undefined) throw transitErrors.IMPORT_BOTH()
  if (ciphertext === undefined && publicKey === undefined) throw transitErrors.IMPORT_NONE()
}

/** The key with the material as its newest version, stored. */
export function importNew(view: WriteView, key: Key, material: Material, now: number): Key {
  assertUsable(key)
  if (key.derived && key.type.family === 'ed25519' && material.secret === undefined)
    throw transitErrors.IMPORT_PUBLIC_DERIVED()
  const keySize = key.type.family === 'hmac' ? (material.secret?.length ?? 0) : key.keySize
  return addVersion(view, { ...key, keySize }, versionOf(key, material, now))
}

/**
 * Another version; or, where the latest has only its public key, the private key that belongs to it. Others than that one make a new
 * version, as in Vault.
 */
export async function importNext(view: WriteView, key: Key, material: Material, now: number): Promise<Key> {
  const latest = await keyVersions.require(view, key.name, key.latestVersion)
  const completes = !isSymmetric(key.type) && latest.secret === undefined && material.secret !== undefined
  if (completes && isPair(latest, material)) return complete(view, key, key.latestVersion, latest, material)
  return importNew(view, key, material, now)
}

/** The private key of a version that has only its public key. */
export async function importFor(view: WriteView, key: Key, number: number, material: Material): Promise<Key> {
  assertUsable(key)
  const version = await keyVersions.get(view, key.name, number)
  if (version === undefined || number < key.minDecryptionVersion) throw transitErrors.NO_SUCH_VERSION()
  if (isSymmetric(key.type)) throw transitErrors.IMPORT_NO_VERSIONS()
  if (version.secret !== undefined) throw transitErrors.IMPORT_HAS_PRIVATE()
  if (material.secret === undefined) throw transitErrors.IMPORT_HAS_PUBLIC()
  if (!isPair(version, material)) throw transitErrors.IMPORT_MISMATCH()
  return complete(view, key, number, version, material)
}

function complete(view: WriteView, key: Key, number: number, version: KeyVersion, { secret }: Material): Key {
  keyVersions.put(view, key.name, number, { ...version, secret })
  keys.put(view, key)
  return key
}

function isPair({ publicKey }: KeyVersion, material: Material): boolean {
  return (
    publicKey !== undefined && material.publicKey !== undefined && Buffer.compare(publicKey, material.publicKey) === 0
  )
}
