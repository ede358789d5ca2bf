/** Looks through the whole memory of a process for its keys: they are there while it is unsealed, and gone when it is sealed. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { guard } from '../../src/lib/secure/guarded.ts'
import { openEnvelope, plaintextLength } from '../../src/seal/envelope.ts'
import { Keyring } from '../../src/seal/keyring.ts'
import { ShamirSeal } from '../../src/seal/shamir-seal.ts'
import { LmdbDriver } from '../../src/storage/drivers/lmdb.ts'

const script = fileURLToPath(new URL('../support/sealed-process.ts', import.meta.url))

it(
  'has no key in memory once it is sealed',
  { skip: process.platform !== 'linux' && 'needs /proc', timeout: 60_000 },
  async () => {
    const path = await mkdtemp(join(tmpdir(), 'coffer-memory-'))
    const child = spawn(process.execPath, [script, path], { stdio: ['pipe', 'pipe', 'inherit'] })
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const say = async (): Promise<string> => String((await lines.next()).value)
    try {
      const unsealKey = await say()
      assert.equal(await say(), 'unsealed')
      const unsealed = memoryOf(child)
      child.stdin.write('seal\n')
      assert.equal(await say(), 'sealed')
      const sealed = memoryOf(child)
      const keys = await keysOf(path, unsealKey)
      assert.equal(keys.size, 5, 'the root key and four of the keyring')
      for (const [name, key] of keys) {
        assert.ok(contains(unsealed, key), `the search finds ${name} while it is there`)
        assert.ok(!contains(sealed, key), `${name} is still in memory`)
      }
    } finally {
      child.kill('SIGKILL')
      await rm(path, { recursive: true })
    }
  },
)

/** The writable memory of a process, region by region. */
function memoryOf(child: ChildProcess): Buffer[] {
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

function contains(regions: readonly Buffer[], key: Uint8Array): boolean {
  return regions.some((region) => region.includes(key))
}

/** Opens the store by hand, as its format says. */
async function keysOf(path: string, unsealKey: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const driver = new LmdbDriver({ path })
  const snapshot = driver.snapshot()
  const wrapped = (await snapshot.get('core/root-key')) ?? new Uint8Array(0)
  const encrypted = (await snapshot.get('core/keyring')) ?? new Uint8Array(0)
  snapshot.close()
  await driver.close()
  const seal = new ShamirSeal()
  seal.provide(guard(Buffer.from(unsealKey, 'hex')))
  const rootKey = await seal.unwrap(wrapped, 'core/root-key')
  const plaintext = new Uint8Array(plaintextLength(encrypted))
  openEnvelope(rootKey.bytes, 'core/keyring', encrypted, plaintext)
  const keys = new Map([['the root key', rootKey.bytes]])
  const keyring = Keyring.decode(plaintext)
  for (let term = 1; term <= (keyring?.size ?? 0); term++) {
    const key = keyring?.term(term)?.key.bytes
    if (key !== undefined) keys.set(`the key of term ${term}`, key)
  }
  return keys
}
