/** What chains keep in the storage: the key of the checkpoints, and the last checkpoint of each device. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { hostname } from 'node:os'
import { auditErrors } from '../../errors/audit.ts'
import type { ReadView, WriteView } from '../../storage/view.ts'
import type { Known } from './chain.ts'
import type { Signer } from './checkpoint.ts'

/** Not below the table's prefix: a checkpoint is no reason to load that anew. */
const PREFIX = 'core/audit-chain/'
const KEY = `${PREFIX}key`
const KNOWN = `${PREFIX}known/`

/** Each node writes lines of its own, to files of its own. */
function knownKey(device: string): string {
  return `${KNOWN}${device}/${encodeURIComponent(hostname())}`
}

export interface ChainKey extends Signer {
  readonly publicKey: KeyObject
  /** RFC 3339. */
  readonly created: string
}

/** Makes the key at the first device that is chained. */
export async function ensureChainKey(view: WriteView, now: number): Promise<ChainKey> {
  const key = await findChainKey(view)
  if (key !== undefined) return key
  const { privateKey } = generateKeyPairSync('ed25519')
  const created = new Date(now).toISOString()
  const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64')
  view.put(KEY, Buffer.from(JSON.stringify({ pkcs8, created })))
  return chainKeyOf(privateKey, created)
}

/** Undefined while no device ever was chained. Rejects with `AUDIT_BAD_TABLE`. */
export async function findChainKey(view: ReadView): Promise<ChainKey | undefined> {
  const stored = membersOf(await view.get(KEY))
  if (stored === undefined) return undefined
  const [pkcs8, created] = [stored.get('pkcs8'), stored.get('created')]
  if (typeof pkcs8 !== 'string' || typeof created !== 'string') throw auditErrors.BAD_TABLE()
  return chainKeyOf(createPrivateKey({ key: Buffer.from(pkcs8, 'base64'), format: 'der', type: 'pkcs8' }), created)
}

export async function readKnown(view: ReadView, device: string): Promise<Known | undefined> {
  const stored = membersOf(await view.get(knownKey(device)))
  if (stored === undefined) return undefined
  const [id, n, hash, reason] = [stored.get('id'), stored.get('n'), stored.get('hash'), stored.get('reason')]
  if (typeof id !== 'string' || typeof n !== 'number' || typeof hash !== 'string') throw auditErrors.BAD_TABLE()
  return { id, n, hash, reason: reason === 'close' ? 'close' : 'interval' }
}

export function putKnown(view: WriteView, device: string, { id, n, hash, reason }: Known): void {
  view.put(knownKey(device), Buffer.from(JSON.stringify({ id, n, hash, reason })))
}

/** Of all nodes. */
export async function deleteKnown(view: WriteView, device: string): Promise<void> {
  for (const key of await view.keys(`${KNOWN}${device}/`)) view.delete(key)
}

function chainKeyOf(privateKey: KeyObject, created: string): ChainKey {
  const publicKey = createPublicKey(privateKey)
  return { id: keyId(publicKey), privateKey, publicKey, created }
}

/** The first 16 hex digits of the SHA-256 of the key's DER. */
export function keyId(publicKey: KeyObject): string {
  const der = publicKey.export({ format: 'der', type: 'spki' })
  return createHash('sha256').update(der).digest('hex').slice(0, 16)
}

function membersOf(bytes: Uint8Array | undefined): ReadonlyMap<string, unknown> | undefined {
  if (bytes === undefined) return undefined
  const value: unknown = JSON.parse(Buffer.from(bytes).toString())
  if (typeof value !== 'object' || value === null) throw auditErrors.BAD_TABLE()
  return new Map(Object.entries(value))
}
