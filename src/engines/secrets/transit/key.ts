/**
 * A named key: what holds for all its versions, and the versions. Free of storage and requests. Times are ms since the epoch.
 * Source: https://developer.hashicorp.com/vault/api-docs/secret/transit
 */
import { randomBytes } from 'node:crypto'
import { transitErrors } from './errors.ts'
import type { KeyType } from './key-types.ts'

/** When a backup was taken or restored, and of which version. */
export interface Moment {
  readonly time: number
  readonly version: number
}

export interface Key {
  readonly name: string
  readonly type: KeyType
  /** Bytes of an HMAC key; 0 for the others. */
  readonly keySize: number
  readonly derived: boolean
  readonly kdf: 'hkdf' | 'counter'
  readonly convergent: boolean
  readonly exportable: boolean
  readonly allowPlaintextBackup: boolean
  readonly deletionAllowed: boolean
  /** At least 1. */
  readonly minDecryptionVersion: number
  /** 0 for none. */
  readonly minEncryptionVersion: number
  /** 0 until the first trim. */
  readonly minAvailableVersion: number
  readonly latestVersion: number
  /** Seconds; 0 for never. */
  readonly autoRotatePeriod: number
  readonly imported: boolean
  readonly allowImportedRotation: boolean
  readonly softDeleted: boolean
  readonly backup: Moment | undefined
  readonly restored: Moment | undefined
}

/** The scheme by which nonces follow from plaintexts; earlier ones are refused. */
export const CONVERGENT_VERSION = 3

/** One version's secrets and what goes with them. */
export interface KeyVersion {
  readonly createdAt: number
  /** A symmetric key's bytes; of Ed25519 the seed and the public key, 64 bytes; of the others PKCS #8. Absent: only the public key is here. */
  readonly secret: Uint8Array | undefined
  /** SubjectPublicKeyInfo; absent for symmetric keys. */
  readonly publicKey: Uint8Array | undefined
  readonly hmacKey: Uint8Array | undefined
  /** 0 where the key is not convergent. */
  readonly convergentVersion: number
  /** DER, the leaf first. */
  readonly certificateChain: readonly Uint8Array[]
}

export interface KeyWishes {
  readonly type: KeyType
  readonly keySize?: number
  readonly derived?: boolean
  readonly convergent?: boolean
  readonly exportable?: boolean
  readonly allowPlaintextBackup?: boolean
  readonly autoRotatePeriod?: number
  readonly imported?: boolean
  readonly allowImportedRotation?: boolean
}

/** A key without a version yet. Throws where the type cannot do what is wished. */
export function newKey(name: string, wishes: KeyWishes): Key {
  const { type, derived = false, convergent = false } = wishes
  assertDerivable(type, derived, convergent)
  return {
    name,
    type,
    keySize: wishes.keySize ?? 0,
    derived,
    kdf: 'hkdf',
    convergent,
    exportable: wishes.exportable ?? false,
    allowPlaintextBackup: wishes.allowPlaintextBackup ?? false,
    deletionAllowed: false,
    minDecryptionVersion: 1,
    minEncryptionVersion: 0,
    minAvailableVersion: 0,
    latestVersion: 0,
    autoRotatePeriod: wishes.autoRotatePeriod ?? 0,
    imported: wishes.imported ?? false,
    allowImportedRotation: wishes.allowImportedRotation ?? false,
    softDeleted: false,
    backup: undefined,
    restored: undefined,
  }
}

function assertDerivable(type: KeyType, derived: boolean, convergent: boolean): void {
  if (type.family === 'aead') {
    if (convergent && !derived) throw transitErrors.CONVERGENT_UNDERIVED()
    return
  }
  if (type.family === 'ed25519') {
    if (convergent) throw transitErrors.NOT_CONVERGENT({ type: type.name })
    return
  }
  if (derived || convergent) throw transitErrors.NOT_DERIVABLE({ type: type.name })
}

/** Names one write of a key for good: no two writes, committed or not, are taken for the same. */
export function newStamp(): string {
  return randomBytes(12).toString('base64url')
}

const HOUR = 3600

export function assertRotatePeriod(seconds: number): void {
  if (seconds !== 0 && seconds < HOUR) throw transitErrors.ROTATE_PERIOD()
}

export function assertUsable(key: Key): void {
  if (key.softDeleted) throw transitErrors.SOFT_DELETED()
}

/** The version that a request for `asked` means, 0 being the latest. */
export function versionFor(key: Key, asked: number, what: 'encryption' | 'signing' | 'derivation'): number {
  if (asked === 0) return key.latestVersion
  if (asked < 0) throw transitErrors.VERSION_NEGATIVE({ what })
  if (asked > key.latestVersion) throw transitErrors.VERSION_TOO_HIGH({ what })
  if (asked < key.minEncryptionVersion) throw transitErrors.VERSION_BELOW_MINIMUM({ what })
  return asked
}

/** Whether a version is among those that may still be used. */
export function isVisible(key: Key, version: number): boolean {
  return version >= key.minDecryptionVersion && version <= key.latestVersion
}

export function visibleVersions(key: Key): number[] {
  const count = Math.max(0, key.latestVersion - key.minDecryptionVersion + 1)
  return Array.from({ length: count }, (_, i) => key.minDecryptionVersion + i)
}

/** The oldest that is stored. */
export function oldestVersion(key: Key): number {
  return Math.max(1, key.minAvailableVersion)
}
