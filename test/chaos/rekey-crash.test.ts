/** kill -9 while the last share of a rekey is on its way: one set of shares opens the vault, and all that was stored is there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at, listAt, textAt } from '../support/json.ts'
import { startServer, type TestServer } from '../support/server.ts'

const SHARES = { secret_shares: 3, secret_threshold: 2, require_verification: true }
const ROUNDS = 12

/** True if these shares open it. */
async function opens(server: TestServer, keys: readonly string[]): Promise<boolean> {
  await server.call('PUT', 'sys/unseal', { reset: true })
  let last
  for (const key of keys.slice(0, 2)) last = await server.call('PUT', 'sys/unseal', { key })
  return at(last?.json, 'sealed') === false
}

async function newShares(server: TestServer): Promise<{ readonly keys: readonly string[]; readonly nonce: string }> {
  const begun = await server.call('PUT', 'sys/rekey/init', SHARES)
  const nonce = textAt(begun.json, 'nonce')
  let last
  for (const key of server.keys.slice(0, 2)) last = await server.call('PUT', 'sys/rekey/update', { key, nonce })
  assert.equal(last?.status, 200)
  return { keys: listAt(last?.json, 'keys_base64').map(String), nonce: textAt(last?.json, 'verification_nonce') }
}

test('a vault that is killed while its root key is replaced opens with the old shares or with the new ones', async () => {
  await using server = await startServer({ shares: 3, threshold: 2, audit: true })
  await server.call('POST', 'sys/mounts/kv', { type: 'kv' })
  await server.call('POST', 'kv/before', { value: 'kept' })
  const outcomes = { old: 0, new: 0, acknowledged: 0 }
  // Time from the last share to the answer, in ms: the kills are spread over it.
  let span = 0
  for (let round = 0; round < ROUNDS; round++) {
    const { keys, nonce } = await newShares(server)
    await server.call('PUT', 'sys/rekey/verify', { key: keys[0], nonce })
    const began = performance.now()
    const finishing = server.call('PUT', 'sys/rekey/verify', { key: keys[1], nonce }).then(
      (answer) => answer.status === 200,
      () => false,
    )
    if (round > 0) {
      const after = began + (span * round * 1.3) / ROUNDS
      while (performance.now() < after) await new Promise((resolve) => setImmediate(resolve))
      await server.kill('SIGKILL')
    }
    const acknowledged = await finishing
    if (round === 0) {
      assert.ok(acknowledged)
      span = performance.now() - began
      await server.kill('SIGKILL')
    }
    await server.restart()
    const isNew = await opens(server, keys)
    assert.ok(isNew || !acknowledged, `round ${round}: it was said to be done, and was not`)
    assert.ok(isNew || (await opens(server, server.keys)), `round ${round}: no shares open it`)
    if (isNew) {
      await server.call('PUT', 'sys/seal')
      assert.equal(await opens(server, server.keys), false, `round ${round}: both open it`)
      assert.ok(await opens(server, keys))
      server.keys = keys
    }
    outcomes[isNew ? 'new' : 'old']++
    if (acknowledged) outcomes.acknowledged++
    assert.equal(textAt((await server.call('GET', 'kv/before')).json, 'data', 'value'), 'kept')
    assert.equal((await server.call('POST', `kv/round${round}`, { value: round })).status, 204)
  }
  console.log(
    `# ${ROUNDS} kills within ${span.toFixed(1)} ms: ${outcomes.new} with the new shares, of which ${outcomes.acknowledged} ` +
      `were acknowledged, ${outcomes.old} with the old ones`,
  )
})
