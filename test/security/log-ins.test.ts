/** Log-ins: nobody gets in by guessing often, by another spelling, from elsewhere, or with what was used up. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { after, before, describe, test } from 'node:test'
import { series } from '../support/callers.ts'
import { composedServer, type ComposedAnswer } from '../support/composed.ts'
import { at, textAt } from '../support/json.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { SlowDriver } from '../support/slow-driver.ts'

const ROOTS = ['root', 'Root', 'ROOT ', '\troot', 'ｒｏｏｔ', 'roo\u200bt']
const times = <T>(n: number, make: (i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: n }, (_, i) => make(i)))
const count = (answers: readonly { readonly status: number }[], status: number) =>
  answers.filter((answer) => answer.status === status).length

describe('log-ins', () => {
  let server: TestServer
  let accessor = ''
  before(async () => {
    server = await startServer({ config: 'raw_storage_endpoint = true' })
    for (const type of ['userpass', 'approle']) await server.call('POST', `sys/auth/${type}`, { type })
    accessor = String(at((await server.call('GET', 'sys/auth/userpass')).json, 'data', 'accessor'))
    await server.call('POST', 'auth/approle/role/a', { role_id: 'id-of-a' })
    await server.call('POST', 'auth/approle/role/b', { role_id: 'id-of-b' })
  })
  after(() => server[Symbol.asyncDispose]())

  const user = async (name: string, more: object = {}) => {
    const made = await server.call('POST', `auth/userpass/users/${name}`, { password: 'right', ...more })
    assert.equal(made.status, 204, made.text)
  }
  const login = (name: string, password: string, localAddress?: string) =>
    server.call(
      'POST',
      `auth/userpass/login/${name}`,
      { password },
      { token: '', ...(localAddress === undefined ? {} : { localAddress }) },
    )
  const secretId = async (role: string, more: object = {}) => {
    const { json, text, status } = await server.call('POST', `auth/approle/role/${role}/secret-id`, more)
    assert.equal(status, 200, text)
    return { id: textAt(json, 'data', 'secret_id'), accessor: textAt(json, 'data', 'secret_id_accessor') }
  }
  const roleLogin = (role: string, id: string, localAddress?: string) =>
    server.call(
      'POST',
      'auth/approle/login',
      { role_id: `id-of-${role}`, secret_id: id },
      { token: '', ...(localAddress === undefined ? {} : { localAddress }) },
    )
  const accessors = async () => (await server.call('LIST', 'auth/token/accessors')).text.length

  test('never end in root, whatever policies a user or role is given (CVE-2025-5999)', async () => {
    await user('climber')
    for (const name of ROOTS) {
      for (const path of [
        'userpass/users/climber',
        'userpass/users/climber/policies',
        'approle/role/a',
        'approle/role/a/policies',
      ]) {
        for (const field of ['token_policies', 'policies']) {
          const answer = await server.call('POST', `auth/${path}`, { [field]: ['default', name] })
          assert.equal(answer.status, 400, `${path} ${field} ${JSON.stringify(name)}: ${answer.text}`)
        }
      }
    }
    assert.deepEqual(at((await login('climber', 'right')).json, 'auth', 'policies'), ['default'])
  })

  test('count failures by the one name that is looked up, and the lock holds over a restart (CVE-2025-6004)', async () => {
    await user('bob')
    const spellings = ['bob', 'BOB', 'Bob', 'bOb', 'boB']
    for (const name of spellings) assert.equal((await login(name, 'wrong')).status, 400)
    // Other spellings that one might take for it are none, and count for nothing.
    for (const name of ['Bob%20', '%20bob', 'bob%00', 'bob%09', 'b%C3%B6b'])
      assert.ok([400, 404].includes((await login(name, 'right')).status), name)
    for (const name of spellings) {
      const answer = await login(name, 'right')
      assert.deepEqual([answer.status, answer.json], [403, { errors: ['permission denied'] }])
    }
    await server.kill('SIGTERM')
    await server.restart()
    await server.unseal()
    assert.equal((await login('bob', 'right')).status, 403)
    assert.equal((await login('bOB', 'right')).status, 403)
    const listed = await server.call('GET', 'sys/locked-users')
    assert.deepEqual(at(listed.json, 'data', 'by_namespace', 0, 'mount_accessors', 0, 'alias_identifiers'), ['bob'])
    assert.equal((await server.call('POST', `sys/locked-users/${accessor}/unlock/bob`, {})).status, 204)
    assert.equal((await login('bob', 'right')).status, 200)
  })

  test('tell nobody which names there are, not by being locked either (CVE-2025-6011)', async () => {
    await user('known')
    const answers = async (name: string) => {
      const seen = []
      for (let i = 0; i < 8; i++) {
        const { status, text } = await login(name, 'wrong')
        seen.push([status, text])
      }
      return seen
    }
    assert.deepEqual(await answers('unknown'), await answers('known'))
    assert.equal((await login('known', 'wrong')).status, 403)
  })

  for (const algorithm of ['bcrypt', 'argon2id']) {
    test(`take as long for a name that nobody has (${algorithm})`, async () => {
      const at = `timed-${algorithm}`
      await server.call('POST', `sys/auth/${at}`, { type: 'userpass', options: { password_hash_algorithm: algorithm } })
      await server.call('POST', `sys/auth/${at}/tune`, { user_lockout_config: { lockout_disable: true } })
      await server.call('POST', `auth/${at}/users/known`, { password: 'right' })
      const took: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] }
      for (let i = 0; i < 16; i++) {
        for (const name of ['known', 'unknown'] as const) {
          const begun = performance.now()
          await server.call('POST', `auth/${at}/login/${name}`, { password: 'wrong' }, { token: '' })
          took[name].push(performance.now() - begun)
        }
      }
      // The quickest tell of the work; the others of what else the machine did. Without that work it would be a tenth.
      const quick = (list: readonly number[]) => list.toSorted((x, y) => x - y)[1] ?? 0
      const ratio = quick(took.known) / quick(took.unknown)
      assert.ok(ratio > 0.6 && ratio < 1.6, `${ratio}`)
    })
  }

  test('that fail make no token (CVE-2026-46405)', async () => {
    await user('failing')
    const before = await accessors()
    await times(30, (i) => login('failing', `wrong ${i}`))
    await times(30, (i) => roleLogin('b', `wrong ${i}`))
    await times(30, (i) => login(`nobody-${i}`, 'wrong'))
    assert.equal(await accessors(), before)
    const lookahead = [
      await server
        .call('ALIAS-LOOKAHEAD', 'auth/userpass/login/failing', { password: 'right' }, { token: '' })
        .catch(() => undefined),
      await server.call(
        'POST',
        'auth/userpass/login/failing?operation=alias-lookahead',
        { password: 'x' },
        { token: '' },
      ),
    ]
    for (const answer of lookahead) assert.ok(answer === undefined || answer.status >= 400)
    assert.equal(await accessors(), before)
  })

  test('bind the token to the addresses of the user, the role and the secret id', async () => {
    await user('near', { token_bound_cidrs: '127.0.0.2/32' })
    assert.equal((await login('near', 'right', '127.0.0.3')).status, 403)
    const near = await login('near', 'right', '127.0.0.2')
    assert.equal(near.status, 200, near.text)
    await server.call('POST', 'auth/approle/role/bound', { role_id: 'id-of-bound', token_bound_cidrs: '127.0.0.0/8' })
    const { id } = await secretId('bound', { cidr_list: '127.0.0.2/31', token_bound_cidrs: '127.0.0.2/32' })
    assert.equal((await roleLogin('bound', id, '127.0.0.4')).status, 400)
    const far = await roleLogin('bound', id, '127.0.0.3')
    assert.equal(far.status, 200, far.text)
    for (const answer of [near, far]) {
      const token = textAt(answer.json, 'auth', 'client_token')
      const self = (localAddress: string) =>
        server.call('GET', 'auth/token/lookup-self', undefined, { token, localAddress })
      assert.deepEqual([(await self('127.0.0.2')).status, (await self('127.0.0.3')).status], [200, 403])
    }
  })

  test('an accessor opens nothing of another role (CVE-2023-24999)', async () => {
    for (const role of ['one', 'two'])
      await server.call('POST', `auth/approle/role/${role}`, { role_id: `id-of-${role}` })
    const mine = await secretId('two')
    for (const verb of ['lookup', 'destroy']) {
      for (const role of ['one', 'ONE']) {
        const path = `auth/approle/role/${role}/secret-id-accessor/${verb}`
        assert.equal((await server.call('POST', path, { secret_id_accessor: mine.accessor })).status, 404)
      }
    }
    assert.equal(
      (await server.call('POST', 'auth/approle/role/one/secret-id/lookup', { secret_id: mine.id })).status,
      204,
    )
    await server.call('POST', 'auth/approle/role/one/secret-id/destroy', { secret_id: mine.id })
    assert.equal((await roleLogin('one', mine.id)).status, 400)
    assert.equal((await roleLogin('two', mine.accessor)).status, 400)
    assert.equal((await roleLogin('two', mine.id)).status, 200)
    // The lookup tells what is known of it, and not the secret id.
    const path = 'auth/approle/role/Two/secret-id-accessor/lookup'
    const told = await server.call('POST', path, { secret_id_accessor: mine.accessor })
    assert.ok(told.status === 200 && !told.text.includes(mine.id), told.text)
    // However the name of the role is spelt, what was made by it goes with it.
    await server.call('DELETE', 'auth/approle/role/Two')
    assert.equal((await roleLogin('two', mine.id)).status, 400)
    await server.call('POST', 'auth/approle/role/two', { role_id: 'id-of-two' })
    assert.equal((await roleLogin('two', mine.id)).status, 400)
  })

  test('leave neither password nor secret id in the storage, decrypted or not', async () => {
    const canary = 'canary-password-41'
    await user('secretive', { password: canary })
    await login('secretive', canary)
    const { id } = await secretId('a')
    await roleLogin('a', id)
    const found: string[] = []
    const walk = async (path: string): Promise<void> => {
      const keys = at((await server.call('LIST', `sys/raw/${path}`)).json, 'data', 'keys')
      for (const key of Array.isArray(keys) ? keys.map(String) : []) {
        if (key.endsWith('/')) await walk(`${path}${key}`)
        else found.push((await server.call('GET', `sys/raw/${path}${key}`)).text)
      }
    }
    await walk('auth/')
    assert.ok(found.length > 5)
    assert.ok(!found.some((text) => text.includes(canary) || text.includes(id)))
    for (const name of readdirSync(server.folder, { recursive: true, encoding: 'utf8' })) {
      const path = join(server.folder, name)
      if (/mdb$|\.log$/.test(name)) assert.ok(!readFileSync(path).includes(canary), name)
    }
  })

  test('a user’s token is not renewed once he is gone or would get other policies', async () => {
    await user('leaving', { token_policies: 'a' })
    const token = textAt((await login('leaving', 'right')).json, 'auth', 'client_token')
    const renew = async () => (await server.call('POST', 'auth/token/renew-self', {}, { token })).status
    assert.equal(await renew(), 200)
    await server.call('POST', 'auth/userpass/users/leaving', { token_policies: 'b' })
    assert.equal(await renew(), 400)
    await server.call('POST', 'auth/userpass/users/leaving', { token_policies: 'a' })
    assert.equal(await renew(), 200)
    await server.call('DELETE', 'auth/userpass/users/leaving')
    assert.equal(await renew(), 400)
  })

  test('a flood of bad passwords keeps others waiting neither for health nor for secrets', async () => {
    await server.call('POST', 'sys/mounts/kv', { type: 'kv' })
    await server.call('POST', 'kv/a', { a: 1 })
    let flooding = true
    const flood = times(40, (i) => login(`flood-${i}`, 'wrong')).finally(() => (flooding = false))
    const waits: number[] = []
    while (flooding) {
      const begun = performance.now()
      assert.equal((await server.call('GET', 'kv/a')).status, 200)
      assert.equal((await server.call('POST', 'kv/b', { b: 1 })).status, 204)
      waits.push((performance.now() - begun) / 2)
    }
    assert.equal(count(await flood, 400), 40)
    const p90 = waits.toSorted((a, b) => a - b)[Math.floor(waits.length * 0.9)] ?? 0
    assert.ok(p90 < 250, `${p90} ms`)
  })
})

for (const seed of [1, 2]) {
  test(`what may happen once happens once, however many log in at once (${seed})`, async () => {
    await using server = await composedServer({ around: (driver) => new SlowDriver(driver, series(seed)) })
    for (const type of ['userpass', 'approle']) await server.call('POST', `sys/auth/${type}`, { type })
    const call = (path: string, body: object): Promise<ComposedAnswer> => server.call('POST', path, body, { token: '' })

    await server.call('POST', 'auth/approle/role/r', { role_id: 'r' })
    for (const [uses, callers] of [
      [1, 2],
      [1, 100],
      [5, 100],
    ] as const) {
      const made = await server.call('POST', 'auth/approle/role/r/secret-id', { num_uses: uses })
      const id = textAt(made.json, 'data', 'secret_id')
      const accessor = textAt(made.json, 'data', 'secret_id_accessor')
      // Failures lock nobody out here: what is counted is how often it can be used.
      await server.call('POST', 'sys/auth/approle/tune', { user_lockout_config: { lockout_disable: true } })
      const answers = await times(callers, () => call('auth/approle/login', { role_id: 'r', secret_id: id }))
      assert.deepEqual([count(answers, 200), count(answers, 400)], [uses, callers - uses])
      const tokens = new Set(
        answers.filter(({ status }) => status === 200).map(({ json }) => textAt(json, 'auth', 'client_token')),
      )
      assert.equal(tokens.size, uses)
      const gone = await server.call('POST', 'auth/approle/role/r/secret-id-accessor/lookup', {
        secret_id_accessor: accessor,
      })
      assert.equal(gone.status, 404)
    }
    const destroyed = textAt((await server.call('POST', 'auth/approle/role/r/secret-id', {})).json, 'data', 'secret_id')
    const raced = await times(20, (i) =>
      i === 7
        ? server.call('POST', 'auth/approle/role/r/secret-id/destroy', { secret_id: destroyed })
        : call('auth/approle/login', { role_id: 'r', secret_id: destroyed }),
    )
    assert.equal(count(raced, 204), 1)
    assert.equal((await call('auth/approle/login', { role_id: 'r', secret_id: destroyed })).status, 400)

    const custom = await times(10, () =>
      server.call('POST', 'auth/approle/role/r/custom-secret-id', { secret_id: 'own' }),
    )
    assert.deepEqual([count(custom, 200), count(custom, 400)], [1, 9])
    const roles = await times(10, (i) => server.call('POST', `auth/approle/role/x${i}`, { role_id: 'shared' }))
    assert.deepEqual([count(roles, 204), count(roles, 400)], [1, 9])

    await server.call('POST', 'auth/userpass/users/bob', { password: 'right' })
    const guesses = await times(40, (i) => call('auth/userpass/login/bob', { password: `wrong ${i}` }))
    assert.deepEqual([count(guesses, 400), count(guesses, 403)], [5, 35])
    assert.equal((await call('auth/userpass/login/bob', { password: 'right' })).status, 403)
    await server.restart()
    assert.equal((await call('auth/userpass/login/bob', { password: 'right' })).status, 403)
  })
}

test('passwords move to the algorithm that the mount says, at the next log-in', async () => {
  await using server = await composedServer()
  await server.call('POST', 'sys/auth/people', { type: 'userpass' })
  await server.call('POST', 'auth/people/users/bob', { password: 'right' })
  await server.call('POST', 'auth/people/users/own', { password: 'right', password_hash_algorithm: 'argon2id' })
  const stored = async (name: string) => {
    const mounts = at((await server.call('GET', 'sys/auth/people')).json, 'data', 'uuid')
    return (await server.call('GET', `sys/raw/auth/${String(mounts)}/user/${name}`)).text
  }
  const login = async (name: string, password: string) =>
    (await server.call('POST', `auth/people/login/${name}`, { password }, { token: '' })).status
  assert.match(await stored('bob'), /\$2b\$10\$/)
  assert.match(await stored('own'), /\$argon2id\$/)
  assert.equal(
    (await server.call('POST', 'sys/auth/people/tune', { options: { password_hash_algorithm: 'md5' } })).status,
    400,
  )
  await server.call('POST', 'sys/auth/people/tune', { options: { password_hash_algorithm: 'argon2id' } })
  assert.equal(await login('bob', 'wrong'), 400)
  assert.match(await stored('bob'), /\$2b\$10\$/)
  assert.equal(await login('bob', 'right'), 200)
  assert.match(await stored('bob'), /\$argon2id\$/)
  assert.equal(await login('bob', 'right'), 200)
  assert.equal(await login('own', 'right'), 200)
  assert.equal(await login('bob', 'wrong'), 400)
})
