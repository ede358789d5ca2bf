import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CofferError } from '#framework'
import { noEvents } from '../../../../../test/support/engine.ts'
import { mountAt } from '../../../../../test/support/token-rooms.ts'
import { MountApart } from '../../../../core/mount-apart.ts'
import { FakeClock } from '../../../../lib/clock.ts'
import { toBase32 } from '../../../../lib/otp/base32.ts'
import { codeOf, counterAt } from '../../../../lib/otp/codes.ts'
import { silentLogger } from '../../../../lib/observe/index.ts'
import type { AuthGrant } from '../../../../request/reply.ts'
import { rootNamespace } from '../../../../request/request.ts'
import { MemoryDriver } from '../../../../storage/drivers/memory.ts'
import { plainCodec } from '../../../../storage/plain-codec.ts'
import { Store } from '../../../../storage/store.ts'
import { newEntity, putEntity } from '../entities.ts'
import { LoginMfa } from './login-mfa.ts'
import { putMethod } from './methods.ts'
import { enforcements, totpSecrets, type StoredMethod } from './store.ts'
import { sweep } from './sweep.ts'

const secret = Buffer.from('12345678901234567890')
const key = { secret, algorithm: 'SHA1', digits: 6, period: 30 } as const
const mount = mountAt('auth/userpass/', 'userpass', 'auth')
const grant: AuthGrant = {
  displayName: 'bob',
  policies: ['p'],
  alias: { name: 'bob' },
  meta: new Map([['username', 'bob']]),
  boundCidrs: ['10.0.0.0/8'],
  numUses: 3,
  renewable: false,
}
const context = {
  mount,
  path: 'auth/userpass/login/bob',
  parent: undefined,
  namespace: rootNamespace,
  remoteAddress: '',
}

const method: StoredMethod = {
  id: 'm',
  type: 'totp',
  name: 'phone',
  namespace: 'root',
  username_format: '',
  totp: {
    issuer: 'i',
    period: 30,
    key_size: 20,
    qr_size: 0,
    algorithm: 'SHA1',
    digits: 6,
    skew: 1,
    max_validation_attempts: 2,
  },
  duo: undefined,
  okta: undefined,
  pingid: undefined,
}

async function rooms() {
  const clock = new FakeClock()
  const store = new Store(new MemoryDriver(), plainCodec)
  const mfa = new LoginMfa({
    store,
    clock,
    log: silentLogger,
    web: () => Promise.reject(new Error('nobody is asked')),
    prefix: 'id/',
    mountOf: (uuid) => (uuid === mount.uuid ? mount : undefined),
    assertHeld: async () => undefined,
  })
  const entityId = await store.write(async (view) => {
    const own = view.sub('id/')
    const entity = await newEntity(own, 'root', new Date(clock.now()).toISOString())
    putEntity(own, entity, undefined)
    putMethod(own, method, undefined)
    const rule = { id: 'e', namespace: 'root', name: 'all', methods: ['m'], groups: [], entities: [] }
    enforcements.put(own, { namespace: 'root', name: 'all' }, { ...rule, accessors: [mount.accessor], types: [] })
    totpSecrets.put(
      own,
      { entity: entity.id, method: 'm' },
      { key: toBase32(secret), algorithm: 'SHA1', digits: 6, period: 30, skew: 1 },
    )
    return entity.id
  })
  const begin = async () => {
    const requirement = await store.write((view) => mfa.demand(view, { grant, context, entityId }))
    return requirement?.requestId ?? assert.fail('nothing is demanded')
  }
  const show = (requestId: string, passcode: string) =>
    mfa.meet({
      requestId,
      shown: new Map([['phone', [passcode]]]),
      remoteAddress: '',
      namespaceId: 'root',
      signal: new AbortController().signal,
    })
  const sweepAll = () =>
    sweep({
      mount,
      apart: new MountApart(
        { store: () => store, assertHeld: async () => undefined, events: () => noEvents },
        mount,
        'id/',
      ),
      limits: { defaultTtl: 1, maxTtl: 1 },
      clock,
      log: silentLogger,
      signal: new AbortController().signal,
    })
  const code = () => codeOf(key, counterAt(clock.now(), 30))
  const stored = () => store.read((view) => view.keys('id/mfa/'))
  return { clock, store, mfa, entityId, begin, show, sweepAll, code, stored }
}

function refusal(code: string) {
  return (error: unknown) => error instanceof CofferError && error.code === code
}

suite('a log-in that waits', () => {
  test('comes back as it was granted, member for member', async () => {
    const { begin, show, code, entityId } = await rooms()
    const met = await show(await begin(), await code())
    assert.deepEqual(met.grant, grant)
    assert.deepEqual(met.context, { ...context, met: { entityId } })
  })

  test('does so for five minutes', async () => {
    const { clock, begin, show, code } = await rooms()
    const requestId = await begin()
    await clock.advance(299_999)
    await assert.rejects(show(requestId, '000000'), refusal('MFA_UNSATISFIED'))
    await clock.advance(1)
    await assert.rejects(show(requestId, await code()), refusal('MFA_UNKNOWN_REQUEST'))
  })

  test('is taken once, and not after its time, though its factors were met', async () => {
    const { clock, store, mfa, begin, show, code } = await rooms()
    const met = await show(await begin(), await code())
    await store.write((view) => mfa.take(view, met))
    await assert.rejects(
      store.write((view) => mfa.take(view, met)),
      refusal('MFA_UNKNOWN_REQUEST'),
    )
    await clock.advance(60_000)
    const late = await show(await begin(), await code())
    await clock.advance(300_000)
    await assert.rejects(
      store.write((view) => mfa.take(view, late)),
      refusal('MFA_UNKNOWN_REQUEST'),
    )
  })

  test('is not begun by somebody without an entity, nor where nothing is demanded', async () => {
    const { store, mfa, entityId } = await rooms()
    await assert.rejects(
      store.write((view) => mfa.demand(view, { grant, context, entityId: '' })),
      refusal('MFA_NO_ENTITY'),
    )
    const other = { ...context, mount: { ...mount, accessor: 'other', type: 'ldap' } }
    assert.equal(await store.write((view) => mfa.demand(view, { grant, context: other, entityId })), undefined)
  })
})

test('too many guesses are too many until their period is over', async () => {
  const { clock, begin, show, code } = await rooms()
  const requestId = await begin()
  for (const guess of ['000000', '111111']) await assert.rejects(show(requestId, guess), /not supplied or incorrect/)
  await assert.rejects(show(requestId, await code()), /maximum TOTP validation attempts 3 exceeded/)
  await clock.advance(29_999)
  await assert.rejects(show(requestId, await code()), /Please try again in 1 seconds/)
  await clock.advance(1)
  assert.equal((await show(requestId, await code())).requestId, requestId)
})

test('what is over is swept away, and what is not stays', async () => {
  const { clock, store, begin, show, code, sweepAll, stored, entityId } = await rooms()
  const requestId = await begin()
  await show(requestId, await code())
  const before = await stored()
  await sweepAll()
  assert.deepEqual(await stored(), before)
  await clock.advance(300_000)
  await sweepAll()
  assert.deepEqual(before.filter((one) => one.includes('waiting/') || one.includes('tried/')).length, 2)
  const left = await stored()
  assert.ok(!left.some((one) => one.includes('waiting/') || one.includes('tried/')))
  assert.ok(left.includes(`id/mfa/secret/${entityId}/m`))
  await store.write((view) => view.delete(`id/entity/${entityId}`))
  await sweepAll()
  assert.ok(!(await stored()).some((one) => one.includes('secret/')))
})
