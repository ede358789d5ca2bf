/** The words in which tests of drivers speak, whatever the storage: what is written, and what a snapshot shows. */
import { CofferError } from '../../src/errors/coffer-error.ts'
import type { Awaitable } from '../../src/lib/awaitable.ts'
import type { Driver, ReadSet, Snapshot, WriteSet } from '../../src/storage/driver.ts'

export const BLIND: ReadSet = { sequence: 0, keys: new Set(), prefixes: new Set() }
/** For campaigns that nobody ends. */
export const NEVER: AbortSignal = new AbortController().signal
export const withCode =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof CofferError && error.code === code
export const bytes = (text: string): Uint8Array => Buffer.from(text)
export const writes = (entries: Record<string, string | undefined>): WriteSet =>
  new Map(Object.entries(entries).map(([key, value]) => [key, value === undefined ? undefined : bytes(value)]))

export async function textOf(snapshot: Snapshot, key: string): Promise<string | undefined> {
  const value = await snapshot.get(key)
  return value === undefined ? undefined : Buffer.from(value).toString()
}

export async function at<T>(driver: Driver, look: (snapshot: Snapshot) => Awaitable<T>): Promise<T> {
  const snapshot = await driver.snapshot()
  try {
    return await look(snapshot)
  } finally {
    snapshot.close()
  }
}

export const keysOf = (driver: Driver): Promise<string[]> =>
  at(driver, async (snapshot) => snapshot.keys({ prefix: '' }))
