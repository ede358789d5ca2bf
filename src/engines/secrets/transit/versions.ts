/** New versions of keys, in the transaction that makes them. */
import { freshBytes } from '../../../lib/secure/random.ts'
import type { WriteView } from '#framework'
import { generateMaterial, type Material } from './crypto/generate.ts'
import { CONVERGENT_VERSION, type Key, type KeyVersion } from './key.ts'
import { keys, keyVersions } from './store.ts'

const HMAC_KEY_BYTES = 32

/** A version of fresh material; slow for RSA, so it is made before the transaction. */
export async function generateVersion(
  key: Pick<Key, 'type' | 'keySize' | 'convergent'>,
  now: number,
): Promise<KeyVersion> {
  return versionOf(key, await generateMaterial(key.type, key.keySize), now)
}

export function versionOf(key: Pick<Key, 'type' | 'convergent'>, material: Material, now: number): KeyVersion {
  return {
    createdAt: now,
    secret: material.secret,
    publicKey: material.publicKey,
    hmacKey: key.type.family === 'hmac' ? undefined : freshBytes(HMAC_KEY_BYTES),
    convergentVersion: key.convergent ? CONVERGENT_VERSION : 0,
    certificateChain: [],
  }
}

/** The key with the version as its latest, stored. */
export function addVersion(view: WriteView, key: Key, version: KeyVersion): Key {
  const after: Key = { ...key, latestVersion: key.latestVersion + 1 }
  keyVersions.put(view, key.name, after.latestVersion, version)
  keys.put(view, after)
  return after
}
