/** Mounts come, move and go whole, whatever fails or happens at the same time. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { composedServer } from '../support/composed.ts'
import { createToken, residentMemory, until } from '../support/callers.ts'
import { at, listAt, textAt } from '../support/json.ts'
import { startServer, type TestServer } from '../support/server.ts'

const KV2 = { type: 'kv', options: { version: '2' } }

describe('a storage that fails', () => {
  const changes: readonly (readonly [string, string, string, object | undefined])[] = [
    ['enabling', 'POST', 'sys/mounts/new', KV2],
    ['disabling', 'DELETE', 'sys/mounts/old', undefined],
    ['moving', 'POST', 'sys/remount', { from: 'old', to: 'moved/to' }],
    ['tuning', 'POST', 'sys/mounts/old/tune', { description: 'tuned', default_lease_ttl: '1h' }],
    ['upgrading', 'POST', 'sys/mounts/plain/tune', { options: { version: '2' } }],
  ]
  for (const [what, method, path, body] of changes) {
    for (const kind of ['failCommit', 'failFromCommit', 'loseAnswerOfCommit'] as const) {
      test(`${kind} while ${what} leaves a server that starts, answers and can do it again`, async () => {
        for (let k = 1; k <= 4; k++) {
          await using server = await composedServer()
          for (const [name, type] of [
            ['old', KV2],
            ['plain', { type: 'kv' }],
          ] as const)
            await server.call('POST', `sys/mounts/${name}`, type)
          for (let i = 0; i < 20; i++) {
            await server.call('POST', `old/data/k${i}`, { data: { i } })
            await server.call('POST', `plain/k${i}`, { i })
          }
          server.driver.plan({ [kind]: k })
          const answer = await server.call(method, path, body)
          assert.ok([200, 204, 500, 503].includes(answer.status), `${k}: ${answer.status} ${answer.text}`)
          server.driver.plan({})
          await server.restart()
          const mounts = Object.keys(Object(at((await server.call('GET', 'sys/mounts')).json, 'data')))
          const again = await server.call(method, path, body)
          assert.ok(
            again.status < 500,
            `${k}: again ${again.status} ${again.text} after ${answer.status}, mounts were ${mounts.join()}`,
          )
          assert.equal((await server.call('GET', 'sys/health', undefined, { token: '' })).status, 200)
          await assertWhole(server)
        }
      })
    }
  }

  /** Each mount answers with all it had, and what is stored belongs to one of them. */
  async function assertWhole(server: Awaited<ReturnType<typeof composedServer>>): Promise<void> {
    const listed = await server.call('GET', 'sys/mounts')
    const mounts = Object.entries(Object(at(listed.json, 'data')))
    for (const [path, info] of mounts) {
      if (at(info, 'type') !== 'kv') continue
      const version = at(info, 'options') === null ? '1' : at(info, 'options', 'version')
      const keys = await server.call('LIST', version === '2' ? `${path}metadata/` : path)
      if (keys.status === 404) continue
      assert.equal(listAt(keys.json, 'data', 'keys').length, 20, path)
      for (let i = 0; i < 20; i++)
        assert.equal((await server.call('GET', version === '2' ? `${path}data/k${i}` : `${path}k${i}`)).status, 200)
    }
    const uuids = mounts.map(([, info]) => String(at(info, 'uuid')))
    const orphans = await until('the clean-up', async () => {
      const found = (await server.storedKeys('logical/')).filter(
        (key) => !uuids.some((uuid) => key.startsWith(`logical/${uuid}/`)),
      )
      return found.length === 0 ? found : undefined
    })
    assert.deepEqual(orphans, [])
  }
})

test('a change whose answer was lost is in force all the same, without a restart', async () => {
  await using server = await composedServer()
  await server.call('POST', 'sys/mounts/old', KV2)
  const lose = async (method: string, path: string, body?: object) => {
    server.driver.plan({ loseAnswerOfCommit: 1 })
    assert.equal((await server.call(method, path, body)).status, 503)
    server.driver.plan({})
  }
  await lose('POST', 'sys/mounts/new', { type: 'kv' })
  assert.equal((await server.call('POST', 'sys/mounts/new', KV2)).status, 400, 'it is known at once to be taken')
  await until('the mount', async () =>
    (await server.call('POST', 'new/a', { a: 1 })).status === 204 ? true : undefined,
  )
  await lose('POST', 'sys/remount', { from: 'old', to: 'moved' })
  assert.equal((await server.call('POST', 'sys/remount', { from: 'old', to: 'elsewhere' })).status, 400)
  await until('the move', async () =>
    (await server.call('POST', 'moved/data/a', { data: {} })).status === 200 ? true : undefined,
  )
  assert.equal((await server.call('GET', 'old/data/a')).status, 404)
})

test('a write that was on its way when its mount went is not acknowledged, and leaves nothing', async () => {
  await using server = await composedServer()
  await server.call('POST', 'sys/mounts/kv', { type: 'kv' })
  const slow = Promise.withResolvers<void>()
  const writes = Array.from({ length: 20 }, (_, i) => server.call('POST', `kv/k${i}`, { a: 1 }, { late: slow.promise }))
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal((await server.call('DELETE', 'sys/mounts/kv')).status, 204)
  await until('the clean-up', async () => ((await server.storedKeys('core/removals/')).length === 0 ? true : undefined))
  slow.resolve()
  const statuses = (await Promise.all(writes)).map((answer) => answer.status)
  const left = await server.storedKeys('logical/')
  assert.deepEqual([[...new Set(statuses)], left], [[404], []])
})

test('a write that was on its way when its mount was upgraded is not lost: it is told to come again', async () => {
  await using server = await composedServer()
  await server.call('POST', 'sys/mounts/kv', { type: 'kv' })
  await server.call('POST', 'kv/before', { a: 1 })
  const slow = Promise.withResolvers<void>()
  const writes = Array.from({ length: 5 }, (_, i) => server.call('POST', `kv/k${i}`, { a: 1 }, { late: slow.promise }))
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal((await server.call('POST', 'sys/mounts/kv/tune', { options: { version: '2' } })).status, 200)
  slow.resolve()
  for (const { status, text } of await Promise.all(writes))
    assert.ok(status === 400 && /has just become one of version 2/.test(text), `${status} ${text}`)
  assert.deepEqual(at((await server.call('LIST', 'kv/metadata/')).json, 'data', 'keys'), ['before'])
})

test('two that disable the same mount, and one who mounts anew, end with one mount or none', async () => {
  for (let round = 0; round < 20; round++) {
    await using server = await composedServer()
    await server.call('POST', 'sys/mounts/kv', { type: 'kv' })
    await server.call('POST', 'kv/a', { a: 1 })
    const answers = await Promise.all([
      server.call('DELETE', 'sys/mounts/kv'),
      server.call('DELETE', 'sys/mounts/kv'),
      server.call('POST', 'sys/mounts/kv', { type: 'kv', description: 'new' }),
      server.call('POST', 'sys/mounts/kv/tune', { description: 'tuned' }),
    ])
    for (const { status, text } of answers) assert.ok(status < 500, text)
    await until('the clean-up', async () =>
      (await server.storedKeys('core/removals/')).length === 0 ? true : undefined,
    )
    const before = await server.call('GET', 'sys/mounts')
    await server.restart()
    const mounts = (await server.call('GET', 'sys/mounts')).json
    assert.deepEqual(
      Object.keys(Object(at(mounts, 'data'))),
      Object.keys(Object(at(before.json, 'data'))),
      'memory and storage agree',
    )
    if (Object.hasOwn(Object(at(mounts, 'data')), 'kv/'))
      assert.equal((await server.call('POST', 'kv/b', { a: 1 })).status, 204, 'it is usable')
    else assert.deepEqual(await server.storedKeys('logical/'), [])
    assert.equal((await server.call('GET', 'kv/a')).status, 404)
  }
})

describe('mounts', () => {
  let server: TestServer
  before(async () => {
    server = await startServer()
  })
  after(() => server[Symbol.asyncDispose]())

  test('do not lie above, below or upon each other or the server’s own', async () => {
    await server.call('POST', 'sys/mounts/a/b', KV2)
    for (const path of [
      'a',
      'a/b',
      'a/b/c',
      'sys',
      'sys/x',
      'auth',
      'auth/x',
      'cubbyhole',
      'cubbyhole/x',
      'identity',
      'audit',
      '..',
      'a/../x',
      '%2e',
      'x%2f..%2fy',
      'x%00',
    ]) {
      assert.equal((await server.call('POST', `sys/mounts/${path}`, KV2)).status, 400, path)
    }
    for (const path of ['sys', 'cubbyhole', 'auth/token'])
      assert.equal((await server.call('DELETE', `sys/mounts/${path}`)).status, 400, path)
    for (const name of ['__proto__', 'constructor', 'a.b', 'a b', 'ключ', 'A']) {
      const path = encodeURIComponent(name)
      assert.equal((await server.call('POST', `sys/mounts/${path}`, KV2)).status, 204, name)
      assert.equal((await server.call('POST', `${path}/data/${path}`, { data: { [name]: name } })).status, 200, name)
      assert.equal(at((await server.call('GET', `${path}/data/${path}`)).json, 'data', 'data', name), name)
      assert.equal((await server.call('DELETE', `sys/mounts/${path}`)).status, 204, name)
      assert.equal((await server.call('GET', `${path}/data/${path}`)).status, 404, name)
    }
    assert.equal((await server.call('DELETE', 'sys/mounts/a/b')).status, 204)
  })

  test('that move take every acknowledged write along, keep their accessor, and leave nothing behind', async () => {
    await server.call('POST', 'sys/mounts/from', KV2)
    const accessor = textAt((await server.call('GET', 'sys/mounts')).json, 'data', 'from/', 'accessor')
    const written = new Map<string, number>()
    let moved = false
    const client = async (id: number): Promise<void> => {
      for (let i = 0; i < 30; i++) {
        const path = `data/c${id}/k${i}`
        const there = moved ? 'to/deep' : 'from'
        const { status } = await server.call('POST', `${there}/${path}`, { data: { id, i } })
        assert.ok(status === 200 || status === 404, `${there}: ${status}`)
        if (status === 200) written.set(path, id)
      }
    }
    const clients = Array.from({ length: 20 }, (_, id) => client(id))
    const answer = await server.call('POST', 'sys/remount', { from: 'from', to: 'to/deep' })
    moved = true
    assert.equal(answer.status, 200)
    await Promise.all(clients)
    const id = textAt(answer.json, 'migration_id')
    await until('the end of the move', async () =>
      at((await server.call('GET', `sys/remount/status/${id}`)).json, 'data', 'migration_info', 'status') === 'success'
        ? true
        : undefined,
    )
    assert.ok(written.size > 100)
    for (const [path, owner] of written)
      assert.equal(at((await server.call('GET', `to/deep/${path}`)).json, 'data', 'data', 'id'), owner, path)
    assert.equal((await server.call('GET', 'from/data/c0/k0')).status, 404)
    assert.equal(at((await server.call('GET', 'sys/mounts')).json, 'data', 'to/deep/', 'accessor'), accessor)
    await server.call('POST', 'sys/mounts/other/x', KV2)
    for (const to of ['other', 'other/x', 'other/x/y', 'sys/x', 'auth/x', 'cubbyhole'])
      assert.equal((await server.call('POST', 'sys/remount', { from: 'to/deep', to })).status, 400, to)
  })

  test('with much in them go at once, stay gone over a crash, and make room', async () => {
    await server.call('POST', 'sys/mounts/big', { type: 'kv' })
    const value = { a: 'x'.repeat(100) }
    for (let i = 0; i < 3000; i += 100)
      await Promise.all(Array.from({ length: 100 }, (_, j) => server.call('POST', `big/k${i + j}`, value)))
    assert.equal((await server.call('DELETE', 'sys/mounts/big')).status, 204)
    assert.equal((await server.call('GET', 'big/k0')).status, 404)
    await server.kill()
    await server.restart()
    await server.unseal()
    assert.equal((await server.call('GET', 'big/k0')).status, 404)
    assert.equal((await server.call('POST', 'sys/mounts/big', { type: 'kv' })).status, 204)
    assert.equal((await server.call('LIST', 'big/')).status, 404, 'the new one is empty')
    assert.equal((await server.call('DELETE', 'sys/mounts/big')).status, 204)
  })

  test(
    'are found again by their hundreds after a restart, in little memory',
    { skip: process.platform !== 'linux' && 'needs /proc' },
    async () => {
      const COUNT = 400
      for (let i = 0; i < COUNT; i += 50) {
        const made = await Promise.all(
          Array.from({ length: 50 }, (_, j) => server.call('POST', `sys/mounts/many/m${i + j}`, { type: 'kv' })),
        )
        assert.deepEqual([...new Set(made.map((answer) => answer.status))], [204])
      }
      await server.call('POST', 'many/m333/x', { a: 1 })
      await server.kill()
      await server.restart()
      await server.unseal()
      assert.equal(
        Object.keys(Object(at((await server.call('GET', 'sys/mounts')).json, 'data'))).filter((path) =>
          path.startsWith('many/'),
        ).length,
        COUNT,
      )
      assert.equal((await server.call('GET', 'many/m333/x')).status, 200)
      assert.ok(residentMemory(server) < 300, `${residentMemory(server)} MiB`)
    },
  )

  test('are not told apart from none without a token, and a lease of another is not reached by the old names of paths', async () => {
    const token = await createToken(server, { policies: ['default'], no_default_policy: true })
    for (const path of [
      'sys/revoke/x/y',
      'sys/renew/x/y',
      'sys/leases/revoke/x/y',
      'sys/revoke-prefix/x',
      'sys/revoke-force/x',
      'sys/leases/lookup/x/',
    ]) {
      const { status } = await server.call(
        path.endsWith('/') ? 'LIST' : 'PUT',
        path,
        path.endsWith('/') ? undefined : {},
        { token },
      )
      assert.equal(status, 403, path)
    }
    for (const path of ['cubbyhole/x', 'nothing/x', 'many/m1/x'])
      assert.equal(
        (await server.call('GET', path, undefined, { token: '' })).text,
        '{"errors":["permission denied"]}\n',
        path,
      )
  })
})
