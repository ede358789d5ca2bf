/**
 * Signatures by which a receiver knows that an event is from here, is whole and is not an old one sent again.
 * Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
import { createHmac } from 'node:crypto'
import { freshBytes } from '../../lib/secure/random.ts'

const PREFIX = 'whsec_'
const BYTES = 32

export function newSecret(): string {
  return PREFIX + Buffer.from(freshBytes(BYTES)).toString('base64')
}

/** The key of a secret; undefined for what is none. */
export function keyOf(secret: string): Buffer | undefined {
  if (!secret.startsWith(PREFIX)) return undefined
  const text = secret.slice(PREFIX.length)
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined
  const key = Buffer.from(text, 'base64')
  return key.length < 24 || key.length > 64 ? undefined : key
}

/** @param at seconds since the epoch. */
export function signedHeaders(key: Uint8Array, id: string, at: number, body: string): Readonly<Record<string, string>> {
  const signature = createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': String(at), 'webhook-signature': `v1,${signature}` }
}
