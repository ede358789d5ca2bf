import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TokenCache } from './token-cache.ts'
import type { TokenEntry } from './token-entry.ts'

function entry(key: string, more: Partial<TokenEntry> = {}): TokenEntry {
  return {
    key,
    accessor: '',
    type: 'service',
    parent: '',
    policies: ['default'],
    path: '',
    meta: undefined,
    displayName: '',
    numUses: 0,
    createdAt: 0,
    ttl: 0,
    explicitMaxTtl: 0,
    period: 0,
    role: '',
    entityId: '',
    namespaceId: 'root',
    boundCidrs: [],
    renewable: true,
    issuedAt: 0,
    expiresAt: 1000,
    dueAt: undefined,
    leased: true,
    renewedAt: undefined,
    leaseTtl: 0,
    state: 'live',
    login: undefined,
    ...more,
  }
}

function changed(cache: TokenCache, ...keys: string[]): void {
  cache.changed({ sequence: 1, keys: keys.map((key) => `sys/token/id/${key}`) })
}

test('a change of a token is felt by all below it, and by nobody else', () => {
  const cache = new TokenCache()
  const a = cache.put(entry('a'), undefined, cache.mark)
  const b = cache.put(entry('b'), a, cache.mark)
  cache.put(entry('c'), b, cache.mark)
  const x = cache.put(entry('x'), undefined, cache.mark)
  changed(cache, 'a')
  assert.equal(cache.get('c'), undefined)
  assert.equal(cache.get('b'), undefined)
  assert.equal(cache.get('x'), x)
  changed(cache, 'x')
  assert.equal(cache.get('x'), undefined)
})

test('a token is good no longer than those above it', () => {
  const cache = new TokenCache()
  const root = cache.put(entry('r', { policies: ['root'], expiresAt: undefined }), undefined, cache.mark)
  const short = cache.put(entry('s', { expiresAt: 10 }), root, cache.mark)
  assert.equal(root?.validUntil, Infinity)
  assert.equal(cache.put(entry('c', { expiresAt: 500 }), short, cache.mark)?.validUntil, 10)
  assert.equal(cache.put(entry('d', { expiresAt: undefined }), root, cache.mark)?.validUntil, 0)
  for (const bad of [entry('e', { state: 'revoked' }), entry('f', { numUses: -1 })]) {
    assert.equal(cache.put(bad, root, cache.mark)?.validUntil, 0)
  }
  assert.equal(cache.put(entry('g', { state: 'leaving', expiresAt: 10 }), undefined, cache.mark)?.validUntil, Infinity)
})

test('what was read before a change is not kept after it', () => {
  const cache = new TokenCache()
  const before = cache.mark
  changed(cache, 'a')
  assert.equal(cache.put(entry('a'), undefined, before), undefined)
  assert.ok(cache.put(entry('b'), undefined, before))
  assert.ok(cache.put(entry('a'), undefined, cache.mark))
  const parent = cache.put(entry('p'), undefined, cache.mark)
  const { mark } = cache
  changed(cache, 'p')
  assert.equal(cache.put(entry('c'), parent, mark), undefined)
})

test('changes beyond those it remembers make it refuse rather than guess', () => {
  const cache = new TokenCache()
  const { mark } = cache
  for (let i = 0; i < 10_002; i++) changed(cache, `k${i}`)
  assert.equal(cache.put(entry('other'), undefined, mark), undefined)
  assert.ok(cache.put(entry('other'), undefined, cache.mark))
})

test('it stays within its size, keeps what is used, and never forgets a parent silently', () => {
  const cache = new TokenCache(10)
  const parent = cache.put(entry('p'), undefined, cache.mark)
  cache.put(entry('child'), parent, cache.mark)
  for (let i = 0; i < 100; i++) {
    cache.put(entry(`k${i}`), undefined, cache.mark)
    // The child is used all the time, its parent never.
    if (cache.get('child') === undefined) break
    assert.ok(cache.size <= 20)
  }
  assert.equal(cache.get('child'), undefined, 'a child whose parent is gone from the cache asks again')
})

test('at seal nothing stays', () => {
  const cache = new TokenCache()
  const { mark } = cache
  cache.put(entry('a'), undefined, mark)
  cache.clear()
  assert.equal(cache.size, 0)
  assert.equal(cache.put(entry('a'), undefined, mark), undefined)
})
