/** Cryptography as a service: keys that stay here, and what is computed with them. */
import { defineEngine, type Engine } from '#framework'
import { KeyRing } from './key-ring.ts'
import { backup, restore, restoreAs } from './paths/backup.ts'
import { byokExport, byokExportVersion } from './paths/byok-export.ts'
import { csr, setCertificate } from './paths/certificates.ts'
import { cmacPaths } from './paths/cmac.ts'
import { datakeyPath } from './paths/datakey.ts'
import { decryptPath } from './paths/decrypt.ts'
import { deriveKeyPath } from './paths/derive-key.ts'
import { encapsulationPaths } from './paths/encapsulation.ts'
import { encryptPath } from './paths/encrypt.ts'
import { exportKey, exportKeyVersion } from './paths/export.ts'
import { hash, hashWith } from './paths/hash.ts'
import { hmacPaths } from './paths/hmac.ts'
import { importKey, importVersion } from './paths/import.ts'
import { keyConfig } from './paths/key-config.ts'
import { key, keyList, softDelete, softDeleteRestore } from './paths/keys.ts'
import { cacheConfig, keysConfig } from './paths/mount-config.ts'
import { random, randomSource, randomSourceBytes } from './paths/random.ts'
import { rewrapPath } from './paths/rewrap.ts'
import { rotation } from './paths/rotate.ts'
import { signPaths } from './paths/sign.ts'
import { trim } from './paths/trim.ts'
import { verifyPaths } from './paths/verify.ts'
import { wrappingKeyPath } from './paths/wrapping-key.ts'
import { rotateDue } from './rotation.ts'

/** Each process, and each of its threads, has one: it keeps the keys that were used there. */
export function transitEngine(): Engine {
  const ring = new KeyRing()
  return defineEngine({
    type: 'transit',
    kind: 'secret',
    help: 'Encrypts, signs and hashes for clients with keys that they never see.',
    paths: [
      keyList,
      key,
      keyConfig,
      rotation,
      trim,
      softDelete,
      softDeleteRestore,
      encryptPath(ring),
      decryptPath(ring),
      rewrapPath(ring),
      datakeyPath(ring),
      ...signPaths(ring),
      ...verifyPaths(ring),
      ...hmacPaths(ring),
      ...cmacPaths(ring),
      hash,
      hashWith,
      random,
      randomSource,
      randomSourceBytes,
      ...encapsulationPaths(ring),
      deriveKeyPath(ring),
      wrappingKeyPath,
      importKey,
      importVersion,
      exportKey,
      exportKeyVersion,
      byokExport,
      byokExportVersion,
      backup,
      restore,
      restoreAs,
      csr,
      setCertificate,
      keysConfig,
      cacheConfig,
    ],
    background: [{ everySeconds: 60, run: rotateDue }],
    released: (mountUuid) => ring.release(mountUuid),
  })
}
