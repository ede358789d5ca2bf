import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { noEvents, testEngine, type EngineUnderTest } from '../../../../../test/support/engine.ts'
import { textAt } from '../../../../../test/support/json.ts'
import { MountApart } from '../../../../core/mount-apart.ts'
import { codeOf } from '../../../../lib/otp/codes.ts'
import { silentLogger } from '../../../../lib/observe/index.ts'
import { totp } from '../engine.ts'

const KEY = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const key = { secret: Buffer.from('12345678901234567890'), algorithm: 'SHA1', digits: 6, period: 30 } as const
const VALID = { valid: true }
const USED = ['code already used; wait until the next time period']

async function codeNow(e: EngineUnderTest): Promise<string> {
  return textAt((await e.read('code/a')).json, 'data', 'code')
}

async function sweepOf({ store, mount, clock }: EngineUnderTest): Promise<void> {
  const apart = new MountApart(
    { store: () => store, assertHeld: async () => undefined, events: () => noEvents },
    mount,
    'mount/',
  )
  const { signal } = new AbortController()
  const limits = { defaultTtl: 1, maxTtl: 1 }
  await totp.background?.[0]?.run({ mount, apart, limits, clock, log: silentLogger, signal })
}

suite('codes', () => {
  test('are made for the period that the clock is in', async () => {
    await using e = await testEngine(totp)
    await e.write('keys/a', { key: KEY })
    const now = e.clock.now()
    const counter = Math.floor(now / 30_000)
    assert.deepEqual((await e.read('code/a')).data, {
      code: await codeOf(key, counter),
      generated: Math.floor(now / 1000),
      expire_time: (counter + 1) * 30,
      period: '30s',
    })
  })

  test('are good once', async () => {
    await using e = await testEngine(totp)
    await e.write('keys/a', { key: KEY })
    const code = await codeNow(e)
    assert.deepEqual((await e.write('code/a', { code })).data, VALID)
    assert.deepEqual((await e.write('code/a', { code })).errors, USED)
  })

  test('are good once, however many ask at the same time', async () => {
    await using e = await testEngine(totp)
    await e.write('keys/a', { key: KEY })
    const code = await codeNow(e)
    const answers = await Promise.all(Array.from({ length: 50 }, () => e.write('code/a', { code })))
    assert.equal(answers.filter(({ status }) => status === 200).length, 1)
    assert.ok(answers.every(({ status, errors }) => status === 200 || String(errors) === String(USED)))
  })

  test('of the period before are good once, too', async () => {
    await using e = await testEngine(totp)
    await e.write('keys/a', { key: KEY })
    const code = await codeNow(e)
    await e.clock.advance(30_000)
    assert.deepEqual((await e.write('code/a', { code })).data, VALID)
    assert.deepEqual((await e.write('code/a', { code })).errors, USED)
    await e.clock.advance(60_000)
    assert.deepEqual((await e.write('code/a', { code })).errors, USED)
    await e.clock.advance(30_000)
    assert.deepEqual((await e.write('code/a', { code })).data, { valid: false })
  })

  test('of other periods are not good where the key says so', async () => {
    await using e = await testEngine(totp)
    await e.write('keys/a', { key: KEY, skew: 0 })
    const code = await codeNow(e)
    await e.clock.advance(30_000)
    assert.deepEqual((await e.write('code/a', { code })).data, { valid: false })
  })

  test('stay used when the key goes and the same one is taken in again', async () => {
    await using e = await testEngine(totp)
    await e.write('keys/a', { key: KEY })
    const code = await codeNow(e)
    await e.write('code/a', { code })
    await e.write('keys/a', { key: KEY, issuer: 'again' })
    assert.deepEqual((await e.write('code/a', { code })).errors, USED)
    await e.delete('keys/a')
    await e.write('keys/a', { key: KEY })
    assert.deepEqual((await e.write('code/a', { code })).errors, USED)
  })

  test('that are no codes use nothing up, and nothing is trimmed into one (CVE-2025-6014)', async () => {
    await using e = await testEngine(totp)
    await e.write('keys/a', { key: KEY })
    const code = await codeNow(e)
    const wide = code.replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)))
    for (const given of [` ${code}`, `${code} `, `${code.slice(0, 3)} ${code.slice(3)}`, wide, `+${code}`, `${code}\n`])
      assert.equal((await e.write('code/a', { code: given })).status, 400, JSON.stringify(given))
    assert.deepEqual((await e.write('code/a', { code: `+${code.slice(1)}` })).data, { valid: false })
    assert.deepEqual((await e.write('code/a', { code })).data, VALID)
  })
})

suite('lists of tried codes', () => {
  test('go with a key whose codes were not tried of late, and are swept where one was', async () => {
    await using e = await testEngine(totp)
    for (const name of ['a', 'b']) {
      await e.write(`keys/${name}`, { key: KEY })
      await e.write(`code/${name}`, { code: await codeNow(e) })
    }
    await e.delete('keys/b')
    assert.deepEqual(await e.storedKeys(), ['mount/key/a', 'mount/tried/a', 'mount/tried/b'])
    await e.clock.advance(90_000)
    await sweepOf(e)
    assert.deepEqual(await e.storedKeys(), ['mount/key/a'])
    await e.write('code/a', { code: await codeNow(e) })
    await e.clock.advance(90_000)
    await e.delete('keys/a')
    assert.deepEqual(await e.storedKeys(), [])
  })
})
