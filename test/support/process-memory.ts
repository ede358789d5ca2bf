/** Looks for keys in the whole memory of another process. */
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { guard } from '../../src/lib/secure/guarded.ts'
import { openEnvelope, plaintextLength } from '../../src/seal/envelope.ts'
import { Keyring } from '../../src/seal/keyring.ts'
import { ShamirSeal } from '../../src/seal/shamir-seal.ts'
import { LmdbDriver } from '../../src/storage/drivers/lmdb.ts'

/** The writable memory of a process, region by region. */
export function memoryOf(child: ChildProcess): Buffer[] {
  const fd = openSync(`/proc/${child.pid}/mem`, 'r')
  const regions: Buffer[] = []
  for (const line of readFileSync(`/proc/${child.pid}/maps`, 'utf8').split('\n')) {
    const found = /^([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ 0 *(.*)$/.exec(line)
    if (found === null || found[3] === '[vvar]' || found[3] === '[vsyscall]') continue
    const start = Number.parseInt(found[1] ?? '', 16)
    const size = Number.parseInt(found[2] ?? '', 16) - start
    const region = Buffer.alloc(size)
    try {
      readSync(fd, region, 0, size, start)
      regions.push(region)
    } catch {
      // Guard pages, and what V8 has only set aside.
    }
  }
  closeSync(fd)
  return regions
}

export function contains(regions: readonly Buffer[], key: Uint8Array): boolean {
  return regions.some((region) => region.includes(key))
}

/** Opens the store by hand, as its format says. `homeOf` finds, among all keys, the home of the namespace whose share that is. */
export async function keysOf(
  path: string,
  unsealKey: string,
  homeOf: (keys: readonly string[]) => string = () => '',
): Promise<ReadonlyMap<string, Uint8Array>> {
  const driver = new LmdbDriver({ path })
  const snapshot = driver.snapshot()
  const home = homeOf(await snapshot.keys({ prefix: '' }))
  const wrapped = (await snapshot.get(`${home}core/root-key`)) ?? new Uint8Array(0)
  const encrypted = (await snapshot.get(`${home}core/keyring`)) ?? new Uint8Array(0)
  snapshot.close()
  await driver.close()
  const seal = new ShamirSeal()
  seal.provide(guard(Buffer.from(unsealKey, 'hex')))
  const rootKey = await seal.unwrap(wrapped, 'core/root-key')
  const plaintext = new Uint8Array(plaintextLength(encrypted))
  openEnvelope(rootKey.bytes, `${home}core/keyring`, encrypted, plaintext)
  const keys = new Map([['the root key', rootKey.bytes]])
  const keyring = Keyring.decode(plaintext)
  for (let term = 1; term <= (keyring?.size ?? 0); term++) {
    const key = keyring?.term(term)?.key.bytes
    if (key !== undefined) keys.set(`the key of term ${term}`, key)
  }
  return keys
}
