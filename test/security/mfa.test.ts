/** What must not get anybody past a second factor. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { series } from '../support/callers.ts'
import { at, listAt, textAt } from '../support/json.ts'
import { mfaServer, requestOf, tokenOf, type MfaServer } from '../support/mfa-login.ts'
import { SlowDriver } from '../support/slow-driver.ts'

const times = <T>(n: number, make: (i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: n }, (_, i) => make(i)))

async function withBob(mfa: MfaServer, more: object = {}) {
  const method = await mfa.totp('totp', more)
  const entity = await mfa.user('bob')
  const phone = await mfa.authenticator(method, entity)
  await mfa.enforce('all', [method])
  return { method, entity, phone }
}

suite('a code', () => {
  for (const seed of [1, 2, 3]) {
    test(`shown fifty times at once gets one token (${seed})`, async () => {
      await using mfa = await mfaServer({ around: (driver) => new SlowDriver(driver, series(seed)) })
      const { method, phone } = await withBob(mfa, { max_validation_attempts: 1000 })
      const code = phone.generate()
      const one = await mfa.begin('bob')
      const others = await times(24, () => mfa.begin('bob'))
      const answers = await times(50, (i) =>
        mfa.validate(i % 2 === 0 ? one : (others[i >> 1] ?? one), { [method]: [code] }),
      )
      assert.equal(answers.filter((answer) => tokenOf(answer) !== '').length, 1)
      assert.ok(answers.every(({ status }) => [200, 400, 403].includes(status)))
    })
  }

  test('is good once, whatever log-in and way it is shown by (CVE-2025-6015)', async () => {
    await using mfa = await mfaServer()
    const { method, phone } = await withBob(mfa)
    const code = phone.generate()
    assert.notEqual(tokenOf(await mfa.login('bob', { 'X-Vault-MFA': `totp:${code}` })), '')
    const request = await mfa.begin('bob')
    assert.equal((await mfa.validate(request, { [method]: [code] })).status, 403)
    assert.equal((await mfa.validate(request, { totp: [`passcode=${code}`] })).status, 403)
    assert.equal((await mfa.login('bob', { 'X-Vault-MFA': `${method}:${code}` })).status, 403)
  })

  test('of the period before is good once, too', async () => {
    await using mfa = await mfaServer()
    const { method, phone } = await withBob(mfa)
    const code = phone.generate({ timestamp: Date.now() - 86_400_000 })
    assert.notEqual(tokenOf(await mfa.validate(await mfa.begin('bob'), { [method]: [code] })), '')
    assert.equal((await mfa.validate(await mfa.begin('bob'), { [method]: [code] })).status, 403)
  })

  test('with something around it is none, and uses nothing up', async () => {
    await using mfa = await mfaServer()
    const { method, phone } = await withBob(mfa)
    const code = phone.generate()
    const request = await mfa.begin('bob')
    const wide = code.replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)))
    for (const given of [
      ` ${code}`,
      `${code} `,
      `${code.slice(0, 3)} ${code.slice(3)}`,
      wide,
      `+${code}`,
      `${code}\n`,
      '',
    ])
      assert.equal((await mfa.validate(request, { [method]: [given] })).status, 403, JSON.stringify(given))
    assert.notEqual(tokenOf(await mfa.validate(request, { [method]: [code] })), '')
  })

  test('stays used after a restart', async () => {
    await using mfa = await mfaServer()
    const { method, phone } = await withBob(mfa)
    const code = phone.generate()
    assert.notEqual(tokenOf(await mfa.validate(await mfa.begin('bob'), { [method]: [code] })), '')
    await mfa.server.restart()
    assert.equal((await mfa.validate(await mfa.begin('bob'), { [method]: [code] })).status, 403)
  })

  test('of one entity is none of another', async () => {
    await using mfa = await mfaServer()
    const { method, phone } = await withBob(mfa)
    await mfa.authenticator(method, await mfa.user('eve'))
    assert.equal((await mfa.validate(await mfa.begin('eve'), { [method]: [phone.generate()] })).status, 403)
  })
})

suite('guesses', () => {
  test('are counted for the entity and the method, whatever request and spelling they come by', async () => {
    await using mfa = await mfaServer()
    const { method, phone } = await withBob(mfa)
    const code = phone.generate()
    const wrong = (i: number) => String((Number(code) + 1 + i) % 1_000_000).padStart(6, '0')
    const one = await mfa.begin('bob')
    await mfa.validate(one, { [method]: [wrong(0)] })
    await mfa.validate(await mfa.begin('bob'), { totp: [wrong(1)] })
    await mfa.login('bob', { 'X-Vault-MFA': `totp:${wrong(2)}` })
    await mfa.login('BOB', { 'X-Vault-MFA': `${method}:${wrong(3)}` })
    await mfa.validate(one, { [method]: [`passcode=${wrong(4)}`] })
    const refused = await mfa.validate(one, { [method]: [code] })
    assert.equal(refused.status, 403)
    assert.match(refused.text, /maximum TOTP validation attempts 6 exceeded the allowed attempts 5/)
    assert.equal((await mfa.login('bob', { 'X-Vault-MFA': `totp:${code}` })).status, 403)
  })

  for (const seed of [1, 2]) {
    test(`that come at once are no more than those that come one by one (${seed})`, async () => {
      await using mfa = await mfaServer({ around: (driver) => new SlowDriver(driver, series(seed)) })
      const { method, phone } = await withBob(mfa)
      const code = phone.generate()
      const request = await mfa.begin('bob')
      const answers = await times(40, (i) =>
        mfa.validate(request, { [method]: [String((Number(code) + 1 + i) % 1_000_000).padStart(6, '0')] }),
      )
      assert.ok(answers.every(({ status }) => status === 403))
      const looked = answers.filter(({ text }) => text.includes('MFA credentials not supplied or incorrect'))
      assert.equal(looked.length, 5)
    })
  }

  test('are counted anew after a good one, and lock nobody else out', async () => {
    await using mfa = await mfaServer()
    const { method, phone } = await withBob(mfa, { max_validation_attempts: 2 })
    const eve = await mfa.authenticator(method, await mfa.user('eve'))
    const request = await mfa.begin('bob')
    await mfa.validate(request, { [method]: ['000000'] })
    assert.notEqual(tokenOf(await mfa.validate(request, { [method]: [phone.generate()] })), '')
    const again = await mfa.begin('bob')
    for (let i = 0; i < 3; i++) await mfa.validate(again, { [method]: ['000000'] })
    assert.match((await mfa.validate(again, { [method]: ['000000'] })).text, /maximum TOTP validation attempts/)
    assert.notEqual(tokenOf(await mfa.validate(await mfa.begin('eve'), { [method]: [eve.generate()] })), '')
  })
})

suite('who is asked', () => {
  test('is the entity, however the name is spelt (CVE-2025-6013)', async () => {
    await using mfa = await mfaServer()
    const method = await mfa.totp()
    const entity = await mfa.user('bob')
    await mfa.enforce('bob', [method], { identity_entity_ids: [entity] })
    for (const name of ['bob', 'BOB', 'Bob', 'bob ', ' bob', 'bob\\20', 'bob%00']) {
      const answer = await mfa.login(name)
      assert.equal(tokenOf(answer), '', name)
      if (answer.status === 200) assert.ok(at(answer.json, 'auth', 'mfa_requirement'), name)
    }
    assert.notEqual(await mfa.begin('BOB'), '')
  })

  test('stays so after a restart, and when the mount moves (CVE-2022-30689)', async () => {
    await using mfa = await mfaServer()
    const { method, phone } = await withBob(mfa)
    const accessor = textAt((await mfa.done('GET', 'sys/auth')).json, 'data', 'userpass/', 'accessor')
    await mfa.enforce('all', [method], { auth_method_types: [], auth_method_accessors: [accessor] })
    const waiting = await mfa.begin('bob')
    await mfa.server.restart()
    assert.equal(tokenOf(await mfa.login('bob')), '')
    assert.notEqual(tokenOf(await mfa.validate(waiting, { [method]: [phone.generate()] })), '')
    await mfa.done('POST', 'sys/remount', { from: 'auth/userpass', to: 'auth/people' })
    for (let attempt = 0; attempt < 200; attempt++) {
      const moved = await mfa.server.call('POST', 'auth/people/login/bob', { password: 'pw' }, { token: '' })
      if (moved.status !== 200) continue
      assert.notEqual(requestOf(moved), '')
      return
    }
    assert.fail('the mount did not move')
  })

  test('are members of a group, also through another', async () => {
    await using mfa = await mfaServer()
    const method = await mfa.totp()
    const entity = await mfa.user('bob')
    await mfa.user('eve')
    const inner = textAt(
      (await mfa.done('POST', 'identity/group', { name: 'in', member_entity_ids: [entity] })).json,
      'data',
      'id',
    )
    const outer = textAt(
      (await mfa.done('POST', 'identity/group', { name: 'out', member_group_ids: [inner] })).json,
      'data',
      'id',
    )
    await mfa.enforce('group', [method], { identity_group_ids: [outer] })
    assert.notEqual(await mfa.begin('bob'), '')
    assert.notEqual(tokenOf(await mfa.login('eve')), '')
  })

  test('is somebody who was merged into another, too, with his key and what was used of it', async () => {
    await using mfa = await mfaServer()
    const method = await mfa.totp()
    const bob = await mfa.user('bob')
    const phone = await mfa.authenticator(method, bob)
    await mfa.enforce('bob', [method], { identity_entity_ids: [bob] })
    const code = phone.generate()
    assert.notEqual(tokenOf(await mfa.login('bob', { 'X-Vault-MFA': `totp:${code}` })), '')
    const other = textAt((await mfa.done('POST', 'identity/entity', { name: 'other' })).json, 'data', 'id')
    const merge = { to_entity_id: other, from_entity_ids: [bob] }
    await mfa.done('POST', 'identity/entity/merge', merge)
    const request = await mfa.begin('bob')
    assert.equal((await mfa.validate(request, { [method]: [code] })).status, 403)
    const next = phone.generate({ timestamp: Date.now() + 86_400_000 })
    assert.notEqual(tokenOf(await mfa.validate(request, { [method]: [next] })), '')
    const eve = await mfa.user('eve')
    await mfa.authenticator(method, eve)
    const clash = { to_entity_id: other, from_entity_ids: [eve], force: false }
    // Both have an alias of the same mount: it is said which one stays.
    const aliases = listAt((await mfa.done('GET', `identity/entity/id/${eve}`)).json, 'data', 'aliases')
    const keep = { ...clash, conflicting_alias_ids_to_keep: [textAt(aliases[0], 'id')] }
    assert.match((await mfa.call('POST', 'identity/entity/merge', keep)).text, /conflicting MFA config ID/)
    assert.equal((await mfa.call('POST', 'identity/entity/merge', { ...keep, force: true })).status, 204)
  })

  test('and has no key yet gets no token', async () => {
    await using mfa = await mfaServer()
    const method = await mfa.totp()
    await mfa.user('bob')
    await mfa.enforce('all', [method])
    const refused = await mfa.validate(await mfa.begin('bob'), { [method]: ['123456'] })
    assert.equal(refused.status, 403)
    assert.match(refused.text, /MFA secret for method name .* not present/)
  })
})

suite('a log-in that waits', () => {
  test('has no token, and its id gets none', async () => {
    await using mfa = await mfaServer()
    const { method } = await withBob(mfa)
    const answer = await mfa.login('bob')
    assert.equal(textAt(answer.json, 'auth', 'client_token'), '')
    assert.equal(textAt(answer.json, 'auth', 'accessor'), '')
    const request = requestOf(answer)
    for (const payload of [{}, { [method]: [] }, { [method]: [''] }, { other: ['123456'] }, { [method]: ['a', 'b'] }])
      assert.equal((await mfa.validate(request, payload)).status, 403, JSON.stringify(payload))
    for (const token of [request, `hvs.${request}`])
      assert.equal((await mfa.call('GET', 'auth/token/lookup-self', undefined, token)).status, 403)
    assert.equal(listAt((await mfa.done('LIST', 'auth/token/accessors')).json, 'data', 'keys').length, 1)
  })

  test('is good for one token, and for none after its time or to somebody elsewhere', async () => {
    await using mfa = await mfaServer()
    const { method, phone } = await withBob(mfa)
    const payload = { [method]: [phone.generate()] }
    const request = await mfa.begin('bob')
    assert.equal((await mfa.validate(request, payload, '203.0.113.9')).status, 400)
    assert.notEqual(tokenOf(await mfa.validate(request, payload)), '')
    assert.equal((await mfa.validate(request, payload)).status, 400)
    for (const id of ['', 'x', request.toUpperCase(), `${request} `, '../all'])
      assert.equal((await mfa.validate(id, payload)).status, 400, id)
  })

  test('ends where what it began with is gone: its entity, its mount, what demanded the factor', async () => {
    await using mfa = await mfaServer()
    const { method, entity, phone } = await withBob(mfa)
    const payload = { [method]: [phone.generate()] }
    const request = await mfa.begin('bob')
    await mfa.done('POST', `identity/entity/id/${entity}`, { disabled: true })
    assert.equal((await mfa.validate(request, payload)).status, 403)
    await mfa.done('POST', `identity/entity/id/${entity}`, { disabled: false })
    await mfa.done('DELETE', 'identity/mfa/login-enforcement/all')
    assert.equal((await mfa.validate(request, payload)).status, 400)
    await mfa.enforce('all', [method])
    await mfa.done('DELETE', 'sys/auth/userpass')
    assert.equal((await mfa.validate(request, payload)).status, 400)
  })

  test('is known to the storage by no id that a client is told', async () => {
    await using mfa = await mfaServer()
    await withBob(mfa)
    const request = await mfa.begin('bob')
    assert.ok((await mfa.server.storedKeys()).some((key) => key.includes('/mfa/waiting/')))
    assert.ok(!(await mfa.server.storedKeys()).some((key) => key.includes(request)))
  })

  test('leaves nothing where its header was wrong', async () => {
    await using mfa = await mfaServer()
    await withBob(mfa)
    for (const header of ['totp:000000', 'nobody:000000', 'totp'])
      assert.equal((await mfa.login('bob', { 'X-Vault-MFA': header })).status, 403, header)
    for (const header of [':1', 'totp:'])
      assert.equal((await mfa.login('bob', { 'X-Vault-MFA': header })).status, 400, header)
    assert.ok(!(await mfa.server.storedKeys()).some((key) => key.includes('/mfa/waiting/')))
  })
})

suite('several enforcements', () => {
  test('have to be met each, by any one of its methods', async () => {
    await using mfa = await mfaServer()
    const [a, b, c] = [await mfa.totp('a'), await mfa.totp('b'), await mfa.totp('c')]
    const entity = await mfa.user('bob')
    const phones = {
      a: await mfa.authenticator(a, entity),
      b: await mfa.authenticator(b, entity),
      c: await mfa.authenticator(c, entity),
    }
    await mfa.enforce('one', [a, b])
    await mfa.enforce('two', [c])
    const request = await mfa.begin('bob')
    assert.equal((await mfa.validate(request, { [a]: [phones.a.generate()] })).status, 403)
    assert.equal((await mfa.validate(request, { [c]: [phones.c.generate()] })).status, 403)
    // Neither code was used up by that.
    const header = `a:000000, a:${phones.a.generate()}, b:${phones.b.generate()}, c:${phones.c.generate()}`
    assert.equal((await mfa.login('bob', { 'X-Vault-MFA': header.replace('b:', 'x:') })).status, 403)
    assert.notEqual(tokenOf(await mfa.login('bob', { 'X-Vault-MFA': header })), '')
  })

  test('that name the same method are met by one code', async () => {
    await using mfa = await mfaServer()
    const { method, phone } = await withBob(mfa)
    await mfa.enforce('more', [method], { auth_method_types: ['userpass'] })
    assert.notEqual(tokenOf(await mfa.validate(await mfa.begin('bob'), { [method]: [phone.generate()] })), '')
  })
})
