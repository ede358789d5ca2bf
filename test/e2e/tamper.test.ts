/** Entries changed on the disk, behind the server's back: the request fails, says nothing, and the others are served. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { LmdbDriver } from '../../src/storage/drivers/lmdb.ts'
import { at } from '../support/json.ts'
import { startServer, type TestServer } from '../support/server.ts'

const KEYS = ['flipped', 'swapped-a', 'swapped-b', 'cut', 'emptied', 'whole']

describe('tampering with the disk', () => {
  let server: TestServer
  before(async () => {
    server = await startServer({ audit: true })
    await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '1' } })
    for (const key of KEYS) await server.call('POST', `secret/${key}`, { value: `of-${key}` })
    await server.kill('SIGTERM')
    await tamper(join(server.folder, 'data'))
    await server.restart()
    await server.unseal()
  })
  after(() => server[Symbol.asyncDispose]())

  for (const key of KEYS.slice(0, -1)) {
    test(`an entry that was ${key} fails its request`, async () => {
      const answer = await server.call('GET', `secret/${key}`)
      assert.equal(answer.status, 500)
      assert.ok(!answer.text.includes('of-'), 'nothing of any entry is told')
      await server.said(/STORAGE_TAMPERED/)
    })
  }

  test('an entry nobody touched is served', async () => {
    assert.equal(at((await server.call('GET', 'secret/whole')).json, 'data', 'value'), 'of-whole')
  })
})

async function tamper(folder: string): Promise<void> {
  const driver = new LmdbDriver({ path: folder })
  try {
    const snapshot = driver.snapshot()
    const stored = new Map<string, Uint8Array>()
    for (const storageKey of await snapshot.keys({ prefix: 'logical/' })) {
      const name = storageKey.split('/').at(-1) ?? ''
      const value = await snapshot.get(storageKey)
      if (KEYS.includes(name) && value !== undefined) stored.set(name, Uint8Array.from(value))
      if (KEYS.includes(name)) paths.set(name, storageKey)
    }
    const { sequence } = snapshot
    snapshot.close()
    assert.equal(stored.size, KEYS.length)
    const flipped = stored.get('flipped') ?? new Uint8Array()
    flipped[flipped.length - 3] = (flipped[flipped.length - 3] ?? 0) ^ 1
    const writes = new Map([
      [paths.get('flipped') ?? '', flipped],
      [paths.get('swapped-a') ?? '', stored.get('swapped-b')],
      [paths.get('swapped-b') ?? '', stored.get('swapped-a')],
      [paths.get('cut') ?? '', stored.get('cut')?.subarray(0, 40)],
      [paths.get('emptied') ?? '', new Uint8Array(0)],
    ])
    await driver.commit({ sequence, keys: new Set(), prefixes: new Set() }, writes)
  } finally {
    await driver.close()
  }
}

const paths = new Map<string, string>()
