/** Looks through the whole memory of a process for its keys: they are there while it is unsealed, and gone when it is sealed. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { HOMES } from '../../src/request/namespace-home.ts'
import { contains, keysOf, memoryOf } from '../support/process-memory.ts'

const script = fileURLToPath(new URL('../support/sealed-process.ts', import.meta.url))
const namespaceScript = fileURLToPath(new URL('../support/sealed-namespace-process.ts', import.meta.url))

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

it(
  'has no key of a namespace in memory once that is sealed, in no thread, and all those of the vault still',
  { skip: process.platform !== 'linux' && 'needs /proc', timeout: 120_000 },
  async () => {
    const path = await mkdtemp(join(tmpdir(), 'coffer-memory-'))
    const child = spawn(process.execPath, [namespaceScript, path], { stdio: ['pipe', 'pipe', 'inherit'] })
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const say = async (): Promise<string> => String((await lines.next()).value)
    try {
      const [vaultShare, share] = [await say(), await say()]
      assert.equal(await say(), 'unsealed')
      const unsealed = memoryOf(child)
      child.stdin.write('seal\n')
      assert.equal(await say(), 'sealed')
      const sealed = memoryOf(child)
      child.stdin.write('end\n')
      assert.equal(await say(), 'ended')
      const home = (keys: readonly string[]) =>
        keys
          .find((key) => key.startsWith(HOMES) && key.endsWith('/core/root-key'))
          ?.slice(0, -'core/root-key'.length) ?? ''
      const keys = await keysOf(path, share, home)
      assert.equal(keys.size, 3, 'the root key and two of the keyring')
      for (const [name, key] of keys) {
        assert.ok(contains(unsealed, key), `the search finds ${name} while it is there`)
        assert.ok(!contains(sealed, key), `${name} is still in memory`)
      }
      for (const [name, key] of await keysOf(path, vaultShare)) assert.ok(contains(sealed, key), `the vault's ${name}`)
    } finally {
      child.kill('SIGKILL')
      await rm(path, { recursive: true })
    }
  },
)
