import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generatePair } from './algorithms.ts'
import { defaultKey, isDue, pruned, publicKeys, rotated, started, type NamedKey } from './named-key.ts'

const pairs = async () => ({ current: await generatePair('ES256'), next: await generatePair('ES256') })
const settings: NamedKey = { ...defaultKey, rotationPeriod: 100, verificationTtl: 50 }
const kids = (key: NamedKey, now: number) => publicKeys(key, now).map(({ kid }) => kid)

test('the next key is published before it signs, and the last one as long as what it signed may be verified', async () => {
  const first = await pairs()
  const key = started(settings, first, undefined, 0)
  const [a, b] = [first.current.public.kid, first.next.public.kid]
  assert.deepEqual(kids(key, 0), [a, b])
  assert.deepEqual([isDue(key, 99_999), isDue(key, 100_000)], [false, true])

  const fresh = await generatePair('ES256')
  const after = rotated(key, first, fresh, 100_000)
  const c = fresh.public.kid
  assert.equal(after.pairs.current.public.kid, b)
  assert.deepEqual(kids(after.key, 100_000), [a, b, c])
  assert.deepEqual(kids(after.key, 149_999), [a, b, c])
  assert.deepEqual(kids(after.key, 150_000), [b, c])
  assert.equal(pruned(after.key, 149_999), undefined)
  assert.deepEqual(pruned(after.key, 150_000)?.ring.length, 2)
  assert.equal(after.key.nextRotation, 200_000)
})

test('a rotation may cut the time, to nothing too, and clears away what has expired', async () => {
  const first = await pairs()
  const key = started(settings, first, undefined, 0)
  const once = rotated(key, first, await generatePair('ES256'), 1_000, 0)
  assert.deepEqual(kids(once.key, 1_000), [once.pairs.current.public.kid, once.pairs.next.public.kid])
  const longer = rotated(key, first, await generatePair('ES256'), 1_000, 500)
  assert.equal(kids(longer.key, 500_999).length, 3)
  const twice = rotated(once.key, once.pairs, await generatePair('ES256'), 2_000)
  assert.equal(twice.key.ring.length, 3)
})

test('with another algorithm what was signed before is verified, and what never signed is published no more', async () => {
  const first = await pairs()
  const key = started(settings, first, undefined, 0)
  const second = await pairs()
  const changed = started(key, second, first, 1_000)
  const all = [first.current, second.current, second.next].map((pair) => pair.public.kid)
  assert.deepEqual(kids(changed, 1_000), all)
  assert.deepEqual(kids(changed, 51_000), all.slice(1))
})

test('a key that nothing refers to is never due', () => assert.equal(isDue(defaultKey, Number.MAX_SAFE_INTEGER), false))
