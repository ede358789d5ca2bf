/** What the three services are sent, and what is made of their answers, over HTTP. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  DUO_HOST,
  duo,
  okta,
  pingSettings,
  startServices,
  type Person,
  type Services,
} from '../../../../../../test/support/mfa-services.ts'
import { FakeClock } from '../../../../../lib/clock.ts'
import { readSettings } from '../methods/pingid.ts'
import type { Outcome } from '../outcome.ts'
import type { Question } from './ask.ts'
import { askDuo, signDuo } from './duo.ts'
import { askOkta } from './okta.ts'
import { askPingId } from './pingid.ts'
import { ServiceError } from './web.ts'

const duoSettings = {
  secret_key: duo.secret,
  integration_key: duo.integration,
  api_hostname: DUO_HOST,
  push_info: 'from=log in&domain=acme',
  use_passcode: false,
}
const oktaSettings = { org_name: 'acme', api_token: okta.token, base_url: '', production: true, primary_email: false }

type Ask = (services: Services, question: Question, clock: FakeClock) => Promise<Outcome>
const asks: Readonly<Record<string, Ask>> = {
  duo: ({ web }, question, clock) => askDuo(duoSettings, question, { web, clock }),
  okta: ({ web }, question, clock) => askOkta(oktaSettings, question, { web, clock }),
  pingid: ({ web }, question, clock) => askPingId(readSettings(pingSettings()), question, { web, clock }),
}

function question(username: string, more: Partial<Question> = {}): Question {
  return { username, passcode: undefined, remoteAddress: '203.0.113.7', signal: new AbortController().signal, ...more }
}

/** The outcome, with the clock going on as long as there is none. */
async function settled<T>(clock: FakeClock, outcome: Promise<T>): Promise<T> {
  let isOver = false
  const over = () => {
    isOver = true
  }
  outcome.then(over, over)
  while (!isOver) {
    await clock.advance(1000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return outcome
}

async function outcomeOf(name: string, person: Person | undefined, more: Partial<Question> = {}): Promise<Outcome> {
  await using services = await startServices()
  if (person !== undefined) services.people.set('bob+work@acme.example', person)
  const clock = new FakeClock()
  const ask = asks[name] ?? assert.fail(name)
  // Awaited here: the services live no longer than this function.
  return await settled(clock, ask(services, question('bob+work@acme.example', more), clock))
}

for (const name of Object.keys(asks)) {
  suite(name, () => {
    test('a push that is allowed meets, one that is denied does not', async () => {
      assert.deepEqual(await outcomeOf(name, { push: ['allow'] }), { met: true })
      assert.equal((await outcomeOf(name, { push: ['deny'] })).met, false)
      assert.equal((await outcomeOf(name, undefined)).met, false)
    })

    test('a service that is not there, or answers nonsense, is no outcome', async () => {
      const ask = asks[name] ?? assert.fail(name)
      const clock = new FakeClock()
      const gone = await startServices()
      await gone[Symbol.asyncDispose]()
      await assert.rejects(ask(gone, question('bob'), clock), ServiceError)
      const odd = ['', 'null', '[]', '{}', '"OK"', '{"stat":"OK"}', '<html>', 'a.b.c']
      for (const text of odd) {
        const web = async () => new Response(text)
        const outcome = await ask(Object.assign(Object.create(gone), { web }), question('bob'), clock).catch(
          (error: unknown) => error,
        )
        assert.ok(outcome instanceof ServiceError || Object(outcome).met === false, `${text}: ${String(outcome)}`)
      }
    })

    test('an answer without end is cut off', async () => {
      const ask = asks[name] ?? assert.fail(name)
      const web = async () => new Response('x'.repeat(2 << 20))
      await assert.rejects(
        ask(Object.assign(Object.create(null), { web }), question('bob'), new FakeClock()),
        ServiceError,
      )
    })
  })
}

for (const name of ['duo', 'okta']) {
  suite(`${name}, with somebody to wait for`, () => {
    test('it is asked again until he answers', async () => {
      assert.deepEqual(await outcomeOf(name, { push: ['waiting', 'waiting', 'allow'] }), { met: true })
      assert.equal((await outcomeOf(name, { push: ['waiting', 'deny'] })).met, false)
    })

    test('it is asked no longer than somebody waits', async () => {
      await using services = await startServices()
      services.people.set('bob', { push: ['waiting'] })
      const clock = new FakeClock()
      const waits = new AbortController()
      const asked = (asks[name] ?? assert.fail(name))(services, question('bob', { signal: waits.signal }), clock)
      const refused = assert.rejects(asked)
      for (let i = 0; i < 5; i++) {
        await clock.advance(1000)
        await new Promise((resolve) => setImmediate(resolve))
      }
      waits.abort()
      await refused
    })

    test('a passcode is good or not', async () => {
      assert.deepEqual(await outcomeOf(name, { passcode: '123456' }, { passcode: '123456' }), { met: true })
      assert.equal((await outcomeOf(name, { passcode: '123456' }, { passcode: '654321' })).met, false)
      assert.equal((await outcomeOf(name, { push: ['allow'] }, { passcode: '123456' })).met, false)
    })
  })
}

test('duo: what it decides before it asks counts', async () => {
  assert.deepEqual(await outcomeOf('duo', { preauth: 'allow' }), { met: true })
  assert.deepEqual(await outcomeOf('duo', { preauth: 'deny' }), { met: false, reason: 'Preauth: deny' })
  assert.deepEqual(await outcomeOf('duo', { preauth: 'enroll' }), {
    met: false,
    reason: 'Enroll an authentication device',
  })
})

test('duo: it is told where the log-in came from and what the push is to show', async () => {
  await using services = await startServices()
  services.people.set('bob', { push: ['allow'] })
  await askDuo(duoSettings, question('bob'), { web: services.web, clock: new FakeClock() })
  const { body } = services.asked.find(({ path }) => path === '/auth/v2/auth') ?? assert.fail()
  const sent = new URLSearchParams(body)
  assert.equal(sent.get('ipaddr'), '203.0.113.7')
  assert.equal(sent.get('pushinfo'), 'from=log in&domain=acme')
})

test('duo: a request is signed over every part of it', () => {
  const request = {
    date: 'Tue, 21 Aug 2012 17:29:18 -0000',
    method: 'POST',
    host: 'API.example',
    path: '/a',
    encoded: 'b=c',
  }
  const signature = signDuo(request, 'secret')
  assert.match(signature, /^[0-9a-f]{128}$/)
  assert.equal(signDuo({ ...request, host: 'api.example' }, 'secret'), signature)
  for (const change of [{ date: 'x' }, { method: 'GET' }, { host: 'other' }, { path: '/b' }, { encoded: 'b=d' }])
    assert.notEqual(signDuo({ ...request, ...change }, 'secret'), signature)
})

test('okta: who is locked or suspended is not let in by a push (0.9.2)', async () => {
  for (const status of ['LOCKED_OUT', 'SUSPENDED', 'DEPROVISIONED', 'STAGED', ''])
    assert.equal((await outcomeOf('okta', { push: ['allow'], status })).met, false, status)
})

test('okta: a name with quotation marks asks for nobody else', async () => {
  await using services = await startServices()
  services.people.set('admin', { push: ['allow'] })
  for (const name of ['x" or profile.login eq "admin', 'x\\']) {
    const outcome = await askOkta(oktaSettings, question(name), { web: services.web, clock: new FakeClock() })
    assert.equal(outcome.met, false)
  }
  assert.equal(services.asked.length, 0)
})

test('okta: the token is sent to no address that an answer names', async () => {
  await using services = await startServices()
  services.people.set('bob', { push: ['allow'] })
  services.oktaPoll = 'https://elsewhere.example'
  await assert.rejects(
    askOkta(oktaSettings, question('bob'), { web: services.web, clock: new FakeClock() }),
    ServiceError,
  )
})

test('pingid: an answer that is signed by another, or for another, lets nobody in', async () => {
  await using services = await startServices()
  services.people.set('bob', { push: ['allow'] })
  const deps = { web: services.web, clock: new FakeClock() }
  const settings = readSettings(pingSettings())
  const good = services.ping
  for (const change of [{ key: Buffer.alloc(32, 'x') }, { token: 'another' }, { organisation: 'another' }]) {
    services.ping = { ...good, ...change }
    await assert.rejects(askPingId(settings, question('bob'), deps), ServiceError)
  }
  services.ping = good
  assert.deepEqual(await askPingId(settings, question('bob'), deps), { met: true })
})

test('pingid: a token without a signature lets nobody in', async () => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const header = encode({ alg: 'none', orgAlias: 'ping-org', token: 'ping-token' })
  const web = async () => new Response(`${header}.${encode({ responseBody: { errorId: 200 } })}.`)
  await assert.rejects(
    askPingId(readSettings(pingSettings()), question('bob'), { web, clock: new FakeClock() }),
    ServiceError,
  )
})
