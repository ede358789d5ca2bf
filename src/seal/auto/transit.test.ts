import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { autoSeal, keyOf, roundTrip } from '../../../test/support/auto-seal.ts'
import { noReference, startReference } from '../../../test/support/reference.ts'
import { transitServer } from '../../../test/support/transit-server.ts'
import { FakeClock } from '../../lib/clock.ts'
import { silentLogger } from '../../lib/observe/index.ts'
import { TransitService, type TransitOptions } from './transit.ts'

const signal = new AbortController().signal
const caFile = join(import.meta.dirname, '..', '..', '..', 'test', 'support', 'tls', 'ca.pem')

function service(server: { readonly address: string; readonly token: string }, more: Partial<TransitOptions> = {}) {
  const options = { address: server.address, token: server.token, keyName: 'unseal', mountPath: '/transit/' }
  const clock = new FakeClock()
  const made = new TransitService(
    { ...options, namespace: '', disableRenewal: true, ...more },
    { clock, log: silentLogger },
  )
  return { transit: made, clock }
}

async function failureOf(transit: TransitService): Promise<string> {
  using key = keyOf(1)
  const failure = await autoSeal(transit)
    .wrap(key, 'core/root-key')
    .catch((reason: unknown) => reason)
  assert.ok(failure instanceof Error)
  return String(failure.cause)
}

describe('a transit seal', () => {
  it('wraps and unwraps, and knows its key with its version', async () => {
    await using server = await transitServer()
    const { transit } = service(server, { namespace: 'ns1/' })
    const seal = autoSeal(transit)
    const { same, elsewhere } = await roundTrip(seal)
    assert.ok(same)
    assert.match(String(elsewhere), /message authentication failed/)
    assert.equal(server.asked[0]?.headers['x-vault-namespace'], 'ns1/')
    using key = keyOf(3)
    const wrapped = await seal.wrap(key, 'core/root-key')
    assert.equal(seal.isOutdated(wrapped), false)
    server.rotate()
    await seal.test()
    assert.equal(seal.isOutdated(wrapped), true)
    using back = await seal.unwrap(wrapped, 'core/root-key')
    assert.equal(back.bytes[0], 3)
  })

  it('trusts the authority it is told of, and nobody else', async () => {
    await using server = await transitServer({ secure: true })
    assert.ok((await roundTrip(autoSeal(service(server, { caFile }).transit))).same)
    assert.match(await failureOf(service(server).transit), /certificate/)
    assert.match(await failureOf(service(server, { caFile, serverName: 'other.example' }).transit), /other\.example/)
    assert.ok((await roundTrip(autoSeal(service(server, { skipVerify: true }).transit))).same)
  })

  it("tells the log the other server's words, and no secret", async () => {
    await using server = await transitServer()
    const stranger = service({ address: server.address, token: 'canary-wrong' }).transit
    assert.equal(await failureOf(stranger), 'Error: encrypt: the server answered with status 403 (permission denied)')
    server.away = true
    assert.match(await failureOf(service(server).transit), /status 503 \(Vault is sealed\)$/)
    assert.throws(() => service({ address: 'canary:no address', token: '' }), /the address takes the form/)
  })

  it('renews its token at two thirds of its time, and stops when it is closed', async () => {
    await using server = await transitServer()
    const { transit, clock } = service(server, { disableRenewal: false })
    const renewals = () => server.asked.filter(({ path }) => path.endsWith('renew-self')).length
    await transit.encrypt(Buffer.alloc(32), signal)
    await clock.advance(0)
    assert.equal(renewals(), 1)
    await clock.advance(2_399_000)
    assert.equal(renewals(), 1)
    await clock.advance(1000)
    assert.equal(renewals(), 2)
    server.away = true
    await clock.advance(2_400_000)
    assert.equal(renewals(), 3)
    server.away = false
    await clock.advance(30_000)
    assert.equal(renewals(), 4)
    transit.close()
    await clock.advance(10_000_000)
    assert.equal(renewals(), 4)
  })

  it('leaves a token alone that has no end or may not be renewed', async () => {
    for (const lease of [0, undefined]) {
      await using server = await transitServer()
      server.lease = lease
      const { transit, clock } = service(server, { disableRenewal: false })
      await transit.encrypt(Buffer.alloc(32), signal)
      await clock.advance(100_000_000)
      await transit.encrypt(Buffer.alloc(32), signal)
      await clock.advance(100_000_000)
      assert.equal(server.asked.filter(({ path }) => path.endsWith('renew-self')).length, 1)
      assert.equal(clock.pending, 0)
    }
  })

  it('works with the reference', { skip: noReference }, async () => {
    await using reference = await startReference()
    await reference.call('POST', 'sys/mounts/transit', { type: 'transit' })
    await reference.call('POST', 'transit/keys/unseal', {})
    const { transit } = service(reference)
    const seal = autoSeal(transit)
    assert.ok((await roundTrip(seal)).same)
    using key = keyOf(9)
    const wrapped = await seal.wrap(key, 'core/root-key')
    await reference.call('POST', 'transit/keys/unseal/rotate', {})
    await seal.test()
    assert.equal(seal.isOutdated(wrapped), true)
    using back = await seal.unwrap(wrapped, 'core/root-key')
    assert.equal(back.bytes[0], 9)
    assert.match(await failureOf(service(reference, { keyName: 'absent', token: 'no' }).transit), /permission denied/)
  })
})
