/** A code is good once: on a storage that answers late and out of order, and after a restart. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { series } from '../support/callers.ts'
import { composedServer, type ComposedServer } from '../support/composed.ts'
import { at, textAt } from '../support/json.ts'
import { SlowDriver } from '../support/slow-driver.ts'

/** Periods so long that none ends during the test. */
async function withKey(server: ComposedServer): Promise<string> {
  await server.call('POST', 'sys/mounts/totp', { type: 'totp' })
  await server.call('POST', 'totp/keys/a', { key: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', period: '24h' })
  return textAt((await server.call('GET', 'totp/code/a')).json, 'data', 'code')
}

for (const seed of [1, 2, 3]) {
  test(`a code sent fifty times at once is good once (${seed})`, async () => {
    await using server = await composedServer({ around: (driver) => new SlowDriver(driver, series(seed)) })
    const code = await withKey(server)
    const answers = await Promise.all(Array.from({ length: 50 }, () => server.call('POST', 'totp/code/a', { code })))
    const good = answers.filter(({ status }) => status === 200)
    assert.equal(good.length, 1)
    assert.equal(at(good[0]?.json, 'data', 'valid'), true)
    assert.ok(answers.every(({ status, text }) => status === 200 || text.includes('code already used')))
  })
}

test('a code that was used stays so after a restart', async () => {
  await using server = await composedServer()
  const code = await withKey(server)
  assert.equal((await server.call('POST', 'totp/code/a', { code })).status, 200)
  await server.restart()
  assert.equal((await server.call('POST', 'totp/code/a', { code })).status, 400)
})
