import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryDriver } from '../storage/drivers/memory.ts'
import { plainCodec } from '../storage/plain-codec.ts'
import { Store } from '../storage/store.ts'
import type { WireRequest } from '../request/wire.ts'
import { Cors } from './cors.ts'

async function corsFor(origins: readonly string[]) {
  const store = new Store(new MemoryDriver(), plainCodec)
  const cors = new Cors()
  await store.write((view) => cors.put(view, { enabled: true, allowedOrigins: origins, allowedHeaders: ['X-Mine'] }))
  return { store, cors }
}

function from(origin: string | undefined, method = 'GET', asked?: string): Pick<WireRequest, 'method' | 'headers'> {
  const headers = new Map<string, readonly string[]>()
  if (origin !== undefined) headers.set('origin', [origin])
  if (asked !== undefined) headers.set('access-control-request-method', [asked])
  return { method, headers }
}

test('off, no origin is answered and a preflight is refused', () => {
  const cors = new Cors()
  assert.deepEqual(cors.check(from('https://a.example')), {})
  assert.equal(cors.check(from('https://a.example', 'OPTIONS', 'PUT')).reply?.status, 400)
})

test('an allowed origin is named in the reply, never a star, and credentials are not allowed', async () => {
  const { cors } = await corsFor(['https://a.example'])
  assert.deepEqual(cors.check(from('https://a.example')).headers, [
    ['Access-Control-Allow-Origin', 'https://a.example'],
    ['Vary', 'Origin'],
  ])
  const preflight = cors.check(from('https://a.example', 'OPTIONS', 'LIST')).reply
  assert.equal(preflight?.status, 200)
  const names = preflight?.headers.map(([name]) => name) ?? []
  assert.ok(names.includes('Access-Control-Allow-Methods') && !names.includes('Access-Control-Allow-Credentials'))
  assert.match(
    preflight?.headers.find(([name]) => name === 'Access-Control-Allow-Headers')?.[1] ?? '',
    /X-Vault-Token.*X-Mine/,
  )
})

test('another origin is refused before anything runs, and so is an unknown method', async () => {
  const { cors } = await corsFor(['https://a.example'])
  for (const origin of ['https://evil.example', 'https://a.example.evil', 'null', ''])
    assert.equal(cors.check(from(origin)).reply?.status, 403, origin)
  assert.equal(cors.check(from('https://a.example', 'OPTIONS', 'FROB')).reply?.status, 405)
  assert.deepEqual(cors.check(from(undefined)), {}, 'a request without an origin is no cross-origin request')
})

test('is kept over a restart, and gone when deleted', async () => {
  const { store } = await corsFor(['*'])
  const again = new Cors()
  await store.read((view) => again.load(view))
  assert.equal(again.check(from('https://any.example')).headers?.[0]?.[1], 'https://any.example')
  await store.write((view) => again.delete(view))
  assert.deepEqual(again.check(from('https://any.example')), {})
})
