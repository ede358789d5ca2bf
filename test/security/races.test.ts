/** On a storage that answers late and out of order: what may happen once happens once, however many ask. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { series } from '../support/callers.ts'
import { composedServer, type ComposedAnswer } from '../support/composed.ts'
import { at, textAt } from '../support/json.ts'
import { SlowDriver } from '../support/slow-driver.ts'

const ROUNDS = [1, 2, 3]

function slowServer(seed: number) {
  return composedServer({ around: (driver) => new SlowDriver(driver, series(seed)) })
}

const count = (answers: readonly ComposedAnswer[], status: number) =>
  answers.filter((answer) => answer.status === status).length
const times = <T>(n: number, make: (i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: n }, (_, i) => make(i)))

for (const seed of ROUNDS) {
  test(`a use-limited token, a wrapped reply, a checked write and a mount, by a hundred at once (${seed})`, async () => {
    await using server = await slowServer(seed)
    await server.call('POST', 'sys/mounts/kv', { type: 'kv', options: { version: '2' } })
    await server.call('POST', 'kv/data/a', { data: { a: 1 } })

    const limited = textAt(
      (await server.call('POST', 'auth/token/create', { policies: ['root'], num_uses: 5 })).json,
      'auth',
      'client_token',
    )
    const used = await times(100, () => server.call('GET', 'kv/data/a', undefined, { token: limited }))
    assert.deepEqual([count(used, 200), count(used, 403)], [5, 95])

    const wrapped = textAt(
      (await server.call('GET', 'kv/data/a', undefined, { headers: { 'X-Vault-Wrap-TTL': '60' } })).json,
      'wrap_info',
      'token',
    )
    const unwrapped = await times(100, (i) =>
      server.call(
        'POST',
        i % 4 === 0 ? 'sys/wrapping/rewrap' : 'sys/wrapping/unwrap',
        i % 2 === 0 ? { token: wrapped } : undefined,
        i % 2 === 0 ? {} : { token: wrapped },
      ),
    )
    assert.deepEqual([count(unwrapped, 200), count(unwrapped, 400)], [1, 99])

    const written = await times(50, (i) => server.call('POST', 'kv/data/cas', { options: { cas: 0 }, data: { i } }))
    assert.deepEqual([count(written, 200), count(written, 400)], [1, 49])
    const winner = written.findIndex((answer) => answer.status === 200)
    assert.equal(at((await server.call('GET', 'kv/data/cas')).json, 'data', 'data', 'i'), winner)

    const mounted = await times(20, () => server.call('POST', 'sys/mounts/race', { type: 'kv' }))
    assert.deepEqual([count(mounted, 204), count(mounted, 400)], [1, 19])
    const nested = await times(20, (i) => server.call('POST', `sys/mounts/nest${'/x'.repeat(i % 4)}`, { type: 'kv' }))
    assert.deepEqual([count(nested, 204), count(nested, 400)], [1, 19])
    const moved = await times(20, (i) => server.call('POST', 'sys/remount', { from: 'race', to: `to${i}` }))
    assert.equal(count(moved, 200), 1)
    const paths = Object.keys(Object(at((await server.call('GET', 'sys/mounts')).json, 'data')))
    assert.equal(paths.filter((path) => path.startsWith('to')).length, 1)
    await server.restart()
    assert.deepEqual(
      Object.keys(Object(at((await server.call('GET', 'sys/mounts')).json, 'data'))),
      paths,
      'storage says the same as memory did',
    )
  })

  test(`a token is not made by one that is revoked at the same time, nor used (${seed})`, async () => {
    await using server = await slowServer(seed)
    await server.call('PUT', 'sys/policies/acl/make', {
      policy: 'path "auth/token/*" { capabilities = ["create", "update", "read"] }',
    })
    for (let round = 0; round < 5; round++) {
      const parent = textAt(
        (await server.call('POST', 'auth/token/create', { policies: ['make'] })).json,
        'auth',
        'client_token',
      )
      const [, ...made] = await Promise.all([
        server.call('POST', 'auth/token/revoke', { token: parent }),
        ...Array.from({ length: 10 }, () => server.call('POST', 'auth/token/create', {}, { token: parent })),
      ])
      for (const { status, json } of made) {
        if (status !== 200) continue
        const child = textAt(json, 'auth', 'client_token')
        assert.equal(
          (await server.call('GET', 'auth/token/lookup-self', undefined, { token: child })).status,
          403,
          'it went with its parent',
        )
      }
    }
  })

  test(`a right that was taken away is gone with the answer that says so (${seed})`, async () => {
    await using server = await slowServer(seed)
    await server.call('POST', 'sys/mounts/kv', { type: 'kv' })
    await server.call('POST', 'kv/a', { a: 1 })
    for (let round = 0; round < 5; round++) {
      await server.call('PUT', 'sys/policies/acl/reader', { policy: 'path "kv/a" { capabilities = ["read"] }' })
      const token = textAt(
        (await server.call('POST', 'auth/token/create', { policies: ['reader'] })).json,
        'auth',
        'client_token',
      )
      const readers = times(20, () => server.call('GET', 'kv/a', undefined, { token }))
      if (round % 2 === 0) await server.call('DELETE', 'sys/policies/acl/reader')
      else await server.call('POST', 'auth/token/revoke', { token })
      const later = await times(20, () => server.call('GET', 'kv/a', undefined, { token }))
      assert.equal(count(later, 403), 20)
      await readers
    }
  })
}

test('a server is initialised once and unsealed once, by many at once', async () => {
  await using server = await slowServer(9)
  const { lifecycle } = server.server
  const asked = await Promise.allSettled(Array.from({ length: 20 }, () => server.initialize()))
  assert.equal(asked.filter((one) => one.status === 'fulfilled').length, 0, 'it is initialised already')
  await lifecycle.seal()
  await Promise.allSettled(Array.from({ length: 10 }, () => server.unseal()))
  assert.equal(lifecycle.state(), 'active')
  assert.equal((await server.call('GET', 'auth/token/lookup-self')).status, 200)
})
