/** A backup from here, from Vault or from the reference. Throws `TRANSIT_RESTORE_FORM` for what is none. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { passingKey } from '../../../../lib/secure/openssl-heap.ts'
import { decodeBase64 } from '../base64.ts'
import { materialOf, publicOf, type Material } from '../crypto/generate.ts'
import { spkiOf } from '../crypto/ed25519.ts'
import { curveOf } from '../crypto/curves.ts'
import { inverse, toBytes } from '../crypto/modular.ts'
import { privateMaterial } from '../crypto/parse-key.ts'
import { transitErrors } from '../errors.ts'
import { isSymmetric, type KeyType } from '../key-types.ts'
import type { Key, KeyVersion, Moment } from '../key.ts'
import { pemBlocks } from '../pem.ts'
import { BackupNode } from './tree.ts'
import { typeOfCode } from './type-code.ts'

export interface Restored {
  readonly key: Key
  readonly versions: ReadonlyMap<number, KeyVersion>
}

export function readBackup(text: string): Restored {
  const bytes = decodeBase64(text)
  if (typeof bytes === 'number') throw malformed(`illegal base64 data at input byte ${bytes}`)
  const backup = BackupNode.parse(bytes.toString())
  const policy = backup.node('policy')
  if (policy === undefined) throw malformed('it has no policy')
  const type = typeOf(policy)
  const entries = entriesOf(policy, backup.node('archived_keys'))
  const key = keyOf(policy, type)
  const versions = new Map<number, KeyVersion>()
  for (const [number, entry] of entries) {
    if (number < key.minAvailableVersion || number < 1 || number > key.latestVersion) continue
    versions.set(number, versionOf(type, key, entry))
  }
  for (let number = Math.max(1, key.minAvailableVersion); number <= key.latestVersion; number++)
    if (!versions.has(number)) throw malformed(`version ${number} is missing`)
  return { key, versions }
}

function malformed(why: string) {
  return transitErrors.RESTORE_FORM({ why })
}

function typeOf(policy: BackupNode): KeyType {
  const entries = policy.node('keys')?.entries() ?? []
  const oneSecret = entries.every(
    ([, entry]) => entry.text('key') !== '' && entry.text('key') === entry.text('hmac_key'),
  )
  const type = typeOfCode(policy.int('type'), oneSecret)
  if (type === undefined) throw malformed('it is of a type that is not served here')
  return type
}

/** All that there are; what stands among the keys in use counts before the archive. */
function entriesOf(policy: BackupNode, archive: BackupNode | undefined): ReadonlyMap<number, BackupNode> {
  const first = policy.int('min_available_version')
  const out = new Map<number, BackupNode>()
  for (const [i, entry] of (archive?.items('keys') ?? []).entries()) if (isEntry(entry)) out.set(first + i, entry)
  for (const [name, entry] of policy.node('keys')?.entries() ?? []) {
    if (!/^\d{1,10}$/.test(name)) throw malformed('a version has no number')
    out.set(Number(name), entry)
  }
  return out
}

/** The archive's first place is empty while nothing was trimmed. */
function isEntry(entry: BackupNode): boolean {
  return entry.text('time') !== '0001-01-01T00:00:00Z' || entry.int('creation_time') !== 0
}

function keyOf(policy: BackupNode, type: KeyType): Key {
  const latestVersion = policy.int('latest_version')
  const minDecryptionVersion = Math.max(1, policy.int('min_decryption_version'))
  if (latestVersion < 1 || minDecryptionVersion > latestVersion) throw malformed('its versions make no sense')
  const derived = policy.flag('derived')
  return {
    name: policy.text('name'),
    type,
    keySize: policy.int('key_size'),
    derived,
    kdf: derived && policy.int('kdf') === 0 ? 'counter' : 'hkdf',
    convergent: policy.flag('convergent_encryption'),
    exportable: policy.flag('exportable'),
    allowPlaintextBackup: policy.flag('allow_plaintext_backup'),
    deletionAllowed: policy.flag('deletion_allowed'),
    minDecryptionVersion,
    minEncryptionVersion: policy.int('min_encryption_version'),
    minAvailableVersion: policy.int('min_available_version'),
    latestVersion,
    autoRotatePeriod: secondsOf(policy.big('auto_rotate_period')),
    imported: policy.flag('Imported'),
    allowImportedRotation: policy.flag('AllowImportedKeyRotation'),
    softDeleted: policy.flag('soft_deleted'),
    backup: momentOf(policy.node('backup_info')),
    restored: undefined,
  }
}

/** Go counts nanoseconds, which are more than JavaScript counts to. */
function secondsOf(nanoseconds: bigint | undefined): number {
  return Number((nanoseconds ?? 0n) / 1_000_000_000n)
}

function momentOf(node: BackupNode | undefined): Moment | undefined {
  if (node === undefined) return undefined
  const time = Date.parse(node.text('time'))
  return Number.isNaN(time) ? undefined : { time, version: node.int('version') }
}

function versionOf(type: KeyType, key: Key, entry: BackupNode): KeyVersion {
  const time = Date.parse(entry.text('time'))
  return {
    ...checkedMaterial(type, entry),
    createdAt: Number.isNaN(time) || time < 0 ? entry.int('creation_time') * 1000 : time,
    hmacKey: type.family === 'hmac' ? undefined : entry.bytes('hmac_key'),
    convergentVersion: key.convergent ? entry.int('convergent_version') : 0,
    certificateChain: entry
      .items('certificate_chain')
      .map((item) => Uint8Array.from(Buffer.from(item.string, 'base64'))),
  }
}

function checkedMaterial(type: KeyType, entry: BackupNode): Material {
  try {
    return materialIn(type, entry)
  } catch (error) {
    throw transitErrors.RESTORE_FORM({ why: 'a version has no key of its type' }, { cause: error })
  }
}

function materialIn(type: KeyType, entry: BackupNode): Material {
  if (type.family === 'rsa') return rsaIn(type, entry)
  if (type.family === 'ecdsa') return curveIn(type, entry)
  const secret = entry.bytes('key')
  if (isSymmetric(type)) return privateMaterial(type, secret ?? new Uint8Array(0))
  if (type.family === 'ed25519') return edwardsIn(secret, entry.text('public_key'))
  if (secret !== undefined) return privateMaterial(type, secret)
  const [block] = pemBlocks(entry.text('public_key'))
  return { secret: undefined, publicKey: block && Uint8Array.from(block.der) }
}

function edwardsIn(secret: Uint8Array | undefined, text: string): Material {
  if (secret !== undefined && secret.length !== 64) throw malformed('a version has no key of its type')
  const raw = secret === undefined ? Buffer.from(text, 'base64') : secret.subarray(32)
  return { secret, publicKey: Uint8Array.from(spkiOf(raw)) }
}

function rsaIn(type: KeyType, entry: BackupNode): Material {
  const node = entry.node('rsa_key') ?? entry.node('rsa_public_key')
  const n = node?.big('N')
  const e = node?.big('E')
  if (node === undefined || n === undefined || e === undefined) throw malformed('a version has no key of its type')
  const shown = { kty: 'RSA', n: text(n), e: text(e) }
  const d = node.big('D')
  const [p, q] = node.items('Primes').map((prime) => prime.number)
  if (d === undefined || p === undefined || q === undefined)
    return publicOnly(createPublicKey({ key: shown, format: 'jwk' }))
  const jwk = {
    ...shown,
    d: text(d),
    p: text(p),
    q: text(q),
    dp: text(d % (p - 1n)),
    dq: text(d % (q - 1n)),
    qi: text(inverse(q, p)),
  }
  return materialOf(type, passingKey({ key: jwk, format: 'jwk' }))
}

function curveIn(type: KeyType, entry: BackupNode): Material {
  const { bytes } = curveOf(type.engine)
  const x = entry.big('ec_x')
  const y = entry.big('ec_y')
  if (x === undefined || y === undefined) throw malformed('a version has no key of its type')
  const shown = { kty: 'EC', crv: type.engine, x: text(x, bytes), y: text(y, bytes) }
  const d = entry.big('ec_d')
  if (d === undefined) return publicOnly(createPublicKey({ key: shown, format: 'jwk' }))
  return materialOf(type, passingKey({ key: { ...shown, d: text(d, bytes) }, format: 'jwk' }))
}

function publicOnly(key: KeyObject): Material {
  return { secret: undefined, publicKey: Uint8Array.from(publicOf(key)) }
}

/** As in a JSON Web Key: as many bytes as the number has, or as are told. */
function text(value: bigint, bytes = Math.ceil(value.toString(16).length / 2)): string {
  return toBytes(value, bytes).toString('base64url')
}
