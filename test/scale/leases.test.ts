/**
 * A vault with very many leases: unsealing loads none of them, so it takes no longer and costs no memory. `SCALE_LEASES=1000000` is what
 * the product promises this for; making them takes minutes, so that a usual run makes fewer.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { LeaseCount } from '../support/due.ts'
import { FilledVault } from '../support/filled-vault.ts'
import { startServer } from '../support/server.ts'
import { unsealMeasured } from '../support/unsealing.ts'

const LEASES = Number(process.env['SCALE_LEASES'] ?? 100_000)
/** What ran out while the server was down. */
const OVERDUE = Math.ceil(LEASES / 4)
/** Not all of it is waited for. */
const REVOKED = Math.min(OVERDUE, 2_000)
/** ms. */
const UNSEALING = 2_000
/** MiB more than with a vault that has nothing in it. */
const MEMORY = 150
const HOUR = 3_600

test(`a vault with ${LEASES} leases is unsealed within 2 s, within 150 MiB of an empty one, and revokes what is due`, async () => {
  await using server = await startServer({ audit: true })
  await server.kill('SIGTERM')
  const empty = await unsealMeasured(server)
  await server.kill('SIGTERM')
  const key = server.keys[0] ?? ''
  const began = performance.now()
  {
    await using vault = await FilledVault.open(join(server.folder, 'data'), key)
    await vault.addTokens({ count: LEASES, parent: server.token, ttl: 720 * HOUR })
  }
  const making = (performance.now() - began) / 1000
  const full = await unsealMeasured(server)
  await server.kill('SIGTERM')
  {
    await using vault = await FilledVault.open(join(server.folder, 'data'), key)
    const madeAt = Date.now() - 2 * HOUR * 1000
    await vault.addTokens({ count: OVERDUE, parent: server.token, ttl: HOUR, madeAt })
  }
  await using places = new LeaseCount(server)
  assert.equal(places.now(), LEASES + OVERDUE)
  const revoking = performance.now()
  const busy = await unsealMeasured(server)
  while (places.now() > LEASES + OVERDUE - REVOKED) {
    assert.ok(performance.now() - revoking < 120_000, `${places.now() - LEASES} leases are overdue and still there`)
    await wait(20)
  }
  const passed = (performance.now() - revoking) / 1000
  console.log(
    `# ${LEASES} leases, made in ${making.toFixed(0)} s: unsealed in ${full.milliseconds.toFixed(0)} ms (empty: ${empty.milliseconds.toFixed(0)} ms), ` +
      `RSS ${full.memory.resident.toFixed(0)} MiB (empty: ${empty.memory.resident.toFixed(0)} MiB); ` +
      `${OVERDUE} overdue: unsealed in ${busy.milliseconds.toFixed(0)} ms, ${(REVOKED / passed).toFixed(0)} revoked a second`,
  )
  assert.ok(full.milliseconds < UNSEALING, `unsealing took ${full.milliseconds} ms`)
  assert.ok(full.memory.resident - empty.memory.resident < MEMORY, `${full.memory.resident} MiB`)
  assert.ok(busy.milliseconds < UNSEALING, `unsealing with leases overdue took ${busy.milliseconds} ms`)
})
