import assert from 'node:assert/strict'
import { it } from 'node:test'
import { guard, guardedBytes, lockedKilobytes, lockState, randomSecret, withScratch } from './guarded.ts'

it('moves a key in, and leaves nothing where it came from', () => {
  const source = Uint8Array.from({ length: 32 }, (_, i) => i + 1)
  const secret = guard(source)
  assert.deepEqual(
    [...secret.bytes],
    Array.from({ length: 32 }, (_, i) => i + 1),
  )
  assert.ok(source.every((byte) => byte === 0))
  secret.wipe()
})

it('wipes, and answers nothing after', () => {
  const secret = guard(new Uint8Array(32).fill(7))
  const view = secret.bytes
  secret.wipe()
  secret.wipe()
  assert.ok(view.every((byte) => byte === 0))
  assert.ok(secret.wiped)
  assert.throws(() => secret.bytes)
})

it('gives each key room of its own, also when many are held', () => {
  const held = Array.from({ length: 600 }, (_, i) => guard(new Uint8Array(33).fill(i % 251)))
  for (const [i, secret] of held.entries()) assert.ok(secret.bytes.every((byte) => byte === i % 251))
  for (const secret of held) secret.wipe()
  assert.ok(guardedBytes(64).bytes.every((byte) => byte === 0))
  assert.throws(() => guardedBytes(65))
})

it('draws keys that differ', () => {
  const [a, b] = [randomSecret(32), randomSecret(32)]
  assert.notDeepEqual([...a.bytes], [...b.bytes])
  a.change((bytes) => bytes.set(b.bytes))
  assert.deepEqual([...a.bytes], [...b.bytes])
  a.wipe()
  assert.ok(b.bytes.some((byte) => byte !== 0))
  b.wipe()
})

it('wipes scratch space when its use ends, also by a throw', () => {
  assert.equal(
    withScratch(5000, (scratch) => scratch.fill(1).length),
    5000,
  )
  assert.throws(() => withScratch(10, () => assert.fail('out')), /out/)
})

it('knows from the kernel whether keys are locked', { skip: process.platform !== 'linux' }, () => {
  assert.notEqual(lockState(), 'unknown')
  if (lockState() === 'locked') assert.ok((lockedKilobytes() ?? 0) >= 16)
})
