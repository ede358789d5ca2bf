/**
 * `X-Vault-Index`: names a commit, so that a client can demand of any node what it has written through another.
 * Source: Vault documentation, "Vault Enterprise eventual consistency".
 */
import type { Sequence } from '../storage/driver.ts'

export function encodeIndex(sequence: Sequence): string {
  return Buffer.from(`v1:${sequence}`).toString('base64')
}

/** Undefined for what `encodeIndex` did not make. */
export function decodeIndex(text: string): Sequence | undefined {
  const digits = /^v1:(\d{1,15})$/.exec(Buffer.from(text, 'base64').toString('latin1'))?.[1]
  return digits === undefined ? undefined : Number(digits)
}
