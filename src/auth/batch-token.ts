/** Batch tokens: the token carries its own entry, sealed as what its namespace stores; nothing is stored. */
import type { TokenSealer } from '../request/token-ports.ts'
import { decodeEntry, encodeEntry, type TokenEntry } from './token-entry.ts'

const PREFIX = 'hvb.'

export function isBatchToken(token: string): boolean {
  return token.startsWith(PREFIX)
}

export function sealBatchToken(entry: TokenEntry, sealer: TokenSealer): string {
  const body = Buffer.from(sealer.seal(encodeEntry(entry), entry.namespaceId)).toString('base64url')
  return spell(body, entry.namespaceId)
}

function spell(body: string, namespaceId: string): string {
  return `${PREFIX}${body}${namespaceId === 'root' ? '' : `.${namespaceId}`}`
}

/** Undefined for what this server did not make. `key` names the token in caches. */
export function openBatchToken(token: string, key: string, sealer: TokenSealer): TokenEntry | undefined {
  const [body = '', namespaceId = 'root'] = token.slice(PREFIX.length).split('.', 2)
  const sealed = Buffer.from(body, 'base64url')
  // Node's decoder skips what is no base64: one token must not have many spellings.
  if (sealed.length === 0 || sealed.toString('base64url') !== body) return undefined
  const plain = sealer.open(sealed, namespaceId)
  if (plain === undefined) return undefined
  const entry = decodeEntry(key, plain)
  return entry.type === 'batch' && token === spell(body, namespaceId) && entry.namespaceId === namespaceId
    ? entry
    : undefined
}
