/** Identities: nobody gets another's rights by a name, a merge, a value in a template, or by what he was before. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createToken, series, tokenWith } from '../support/callers.ts'
import { at, listAt, textAt } from '../support/json.ts'
import { startServer, type TestServer } from '../support/server.ts'

const ROOTS = ['root', 'Root', 'ROOT ', '\troot', ' root', 'default,Root', 'ｒｏｏｔ', 'roo\u200bt', 'r\u2060oot']

describe('identities', () => {
  let server: TestServer
  let accessor: string
  before(async () => {
    server = await startServer({ config: 'raw_storage_endpoint = true' })
    await server.call('POST', 'sys/mounts/secret', { type: 'kv' })
    await server.call('POST', 'auth/token/roles/any', {
      allowed_entity_aliases: '*',
      allowed_policies_glob: '*',
      orphan: true,
    })
    accessor = textAt((await server.call('GET', 'sys/auth/token')).json, 'data', 'accessor')
    await server.call('PUT', 'sys/policies/acl/team', { policy: 'path "secret/team" { capabilities = ["read"] }' })
    await server.call('POST', 'secret/team', { a: 1 })
  })
  after(() => server[Symbol.asyncDispose]())

  /** Somebody who came by an alias at `auth/token/`. */
  const login = async (alias: string, more: object = {}) => {
    const made = await server.call('POST', 'auth/token/create/any', {
      entity_alias: alias,
      policies: ['default'],
      ...more,
    })
    assert.equal(made.status, 200, made.text)
    return { token: textAt(made.json, 'auth', 'client_token'), entity: textAt(made.json, 'auth', 'entity_id') }
  }
  const statusOf = async (token: string, method: string, path: string, body?: unknown) =>
    (await server.call(method, path, body, { token })).status
  const made = async (path: string, body: object) => {
    const answer = await server.call('POST', `identity/${path}`, body)
    assert.ok(answer.status < 300, answer.text)
    return answer.status === 204 ? '' : textAt(answer.json, 'data', 'id')
  }

  test('never have the policy root, however it is spelled', async () => {
    const { token, entity } = await login('rooted')
    for (const name of ROOTS) {
      for (const policies of [name, [name], ['default', name]]) {
        for (const path of ['entity', `entity/id/${entity}`, 'entity/name/rooted', 'group', 'group/name/rooted']) {
          const answer = await server.call('POST', `identity/${path}`, { policies })
          assert.equal(answer.status, 400, `${path} ${JSON.stringify(policies)}: ${answer.text}`)
        }
      }
    }
    const self = await server.call('GET', 'auth/token/lookup-self', undefined, { token })
    assert.equal(at(self.json, 'data', 'identity_policies'), undefined)
  })

  test('do not make an operator of theirs root, whatever he sends', async () => {
    const operator = await login('operator', { policies: ['identity-admin'] })
    const policy =
      'path "identity/*" { capabilities = ["create", "read", "update", "patch", "delete", "list", "sudo"] }'
    await server.call('PUT', 'sys/policies/acl/identity-admin', { policy })
    const random = series(7)
    const pick = <T>(of: readonly T[]): T | undefined => of[Math.floor(random() * of.length)]
    const values = [
      ...ROOTS,
      operator.entity,
      accessor,
      '*',
      '',
      'default',
      ['root'],
      { policies: 'root' },
      1,
      null,
      [],
    ]
    const names = [
      'id name policies metadata disabled type member_entity_ids member_group_ids canonical_id entity_id',
      'mount_accessor custom_metadata to_entity_id from_entity_ids conflicting_alias_ids_to_keep force entity_ids',
      'alias_id alias_name alias_mount_accessor namespace_id aliases identity_policies __proto__',
    ].flatMap((line) => line.split(' '))
    const e = operator.entity
    const paths = [
      'entity entity/merge entity-alias group group-alias lookup/entity lookup/group alias persona entity/name/x',
      `group/name/x entity/id/${e} persona/id/${e} alias/id/${e}`,
    ].flatMap((line) => line.split(' '))
    for (let i = 0; i < 600; i++) {
      const body = Object.fromEntries(Array.from({ length: 4 }, () => [pick(names) ?? '', pick(values)]))
      const answer = await server.call('POST', `identity/${pick(paths) ?? ''}`, body, { token: operator.token })
      assert.ok(answer.status < 500, `${answer.status} ${answer.text} for ${JSON.stringify(body)}`)
    }
    for (const token of [operator.token, (await login('operator')).token]) {
      const self = await server.call('GET', 'auth/token/lookup-self', undefined, { token })
      if (self.status === 200) assert.ok(!JSON.stringify(self.json).includes('"root"'), self.text)
      for (const path of ['sys/raw/core/mounts', 'sys/policies/acl/team', 'sys/auth'])
        assert.equal(await statusOf(token, 'GET', path), 403, path)
    }
  })

  test('are not joined by renaming an alias to that of another', async () => {
    await login('victim')
    await login('climber')
    const found = await server.call('POST', 'identity/lookup/entity', {
      alias_name: 'climber',
      alias_mount_accessor: accessor,
    })
    const id = textAt(found.json, 'data', 'aliases', '0', 'id')
    for (const name of ['victim', 'VICTIM', ' Victim ', 'victim\t']) {
      const renamed = await server.call('POST', `identity/entity-alias/id/${id}`, { name })
      assert.equal(renamed.status, 400, `${JSON.stringify(name)}: ${renamed.text}`)
    }
    const aliases = await tokenWith(server, 'path "identity/entity-alias*" { capabilities = ["create", "update"] }')
    const merge = { to_entity_id: textAt(found.json, 'data', 'id'), from_entity_ids: [(await login('victim')).entity] }
    assert.equal(await statusOf(aliases, 'POST', 'identity/entity/merge', merge), 403)
    for (const body of [
      { ...merge, to_entity_id: '' },
      { ...merge, from_entity_ids: [] },
    ])
      assert.equal((await server.call('POST', 'identity/entity/merge', body)).status, 400)
    const self = { to_entity_id: merge.to_entity_id, from_entity_ids: [merge.to_entity_id] }
    assert.equal((await server.call('POST', 'identity/entity/merge', self)).status, 400)
  })

  test('who leave a group are out of it at the next request, however deep it lies', async () => {
    const { token, entity } = await login('leaver')
    let inner = await made('group', { name: 'l0', member_entity_ids: [entity] })
    const chain = [inner]
    for (let i = 1; i < 4; i++) chain.push((inner = await made('group', { name: `l${i}`, member_group_ids: [inner] })))
    await made(`group/id/${inner}`, { policies: ['team'] })
    for (const [i, group] of chain.entries()) {
      assert.equal(await statusOf(token, 'GET', 'secret/team'), 200, `level ${i}`)
      await made(`group/id/${group}`, i === 0 ? { member_entity_ids: [] } : { member_group_ids: [] })
      assert.equal(await statusOf(token, 'GET', 'secret/team'), 403, `level ${i}`)
      await made(`group/id/${group}`, i === 0 ? { member_entity_ids: [entity] } : { member_group_ids: [chain[i - 1]] })
    }
    await made(`group/id/${inner}`, { policies: [] })
    assert.equal(await statusOf(token, 'GET', 'secret/team'), 403)
    await made(`entity/id/${entity}`, { policies: ['team'] })
    assert.equal(await statusOf(token, 'GET', 'secret/team'), 200)
    await made(`entity/id/${entity}`, { policies: [] })
    assert.equal(await statusOf(token, 'GET', 'secret/team'), 403)
  })

  test('that are disabled or gone take their tokens with them, batch tokens too, also over a restart', async () => {
    const service = await login('away')
    const batch = await login('away', { type: 'batch' })
    assert.equal(batch.entity, service.entity)
    const all = async (status: number) => {
      for (const { token } of [service, batch]) {
        assert.equal(await statusOf(token, 'GET', 'auth/token/lookup-self'), status)
        assert.equal(await statusOf(token, 'POST', 'sys/capabilities-self', { path: 'secret/team' }), status)
      }
    }
    await all(200)
    await made(`entity/id/${service.entity}`, { disabled: true })
    await all(403)
    const refused = await server.call('POST', 'auth/token/create/any', { entity_alias: 'away' })
    assert.equal(refused.status, 403, refused.text)
    await made(`entity/id/${service.entity}`, { disabled: false })
    await all(200)
    const gone = await server.call('POST', 'identity/entity/batch-delete', { entity_ids: [service.entity, 'nobody'] })
    assert.equal(gone.status, 204)
    await all(403)
    await server.kill()
    await server.restart()
    await server.unseal()
    await all(403)
    const again = await login('away')
    assert.notEqual(again.entity, service.entity)
    await all(403)
  })

  test('fill templates with one plain name or not at all', async () => {
    const scope = 'identity.entity.metadata.scope'
    const custom = `identity.entity.aliases.${accessor}.custom_metadata.scope`
    const policy = [scope, custom, 'identity.entity.metadata.__proto__']
      .map((selector, i) => `path "secret/t${i}/{{${selector}}}/*" { capabilities = ["read", "list"] }`)
      .join('\n')
    await server.call('PUT', 'sys/policies/acl/templated', { policy })
    const { token, entity } = await login('scoped', { policies: ['templated'] })
    const alias = textAt((await server.call('GET', `identity/entity/id/${entity}`)).json, 'data', 'aliases', '0', 'id')
    const set = async (value: string) => {
      await server.call('POST', `identity/entity/id/${entity}`, { metadata: { scope: value } })
      await server.call('POST', `identity/entity-alias/id/${alias}`, { custom_metadata: { scope: value } })
    }
    for (const i of [0, 1]) await server.call('POST', `secret/t${i}/a-b_1/x`, { a: i })
    for (const path of ['a/b/x', 'a/x', 'other/x', '*/x']) await server.call('POST', `secret/t0/${path}`, { a: 1 })
    const may = (path: string) => statusOf(token, 'GET', `secret/${path}`)
    assert.equal(await may('t0/a-b_1/x'), 403)
    await set('a-b_1')
    for (const path of ['t0/a-b_1/x', 't1/a-b_1/x']) assert.equal(await may(path), 200)
    for (const path of ['t0/other/x', 't2/a-b_1/x', 't2/[object Object]/x', 't2/undefined/x'])
      assert.equal(await may(encodeURI(path)), 403)
    for (const value of ['a/b', '+', '*', '', '..', '%2f', '\n} path "*" {', '{{x}}', 'a*', 'a+']) {
      await set(value)
      for (const path of ['t0/a/b/x', 't0/a/x', 't0/other/x', 't0/*/x', 't0/a-b_1/x', `t0/${value}/x`])
        assert.ok([400, 403].includes(await may(encodeURI(path))), `${JSON.stringify(value)} opens ${path}`)
    }
    await set('other')
    assert.equal(await may('t0/other/x'), 200)
    assert.equal(await may('t0/a-b_1/x'), 403, 'what it was before is over at once')
  })

  test('see their own entity and no other by the policy that everybody has', async () => {
    const [one, two] = [await login('own-1'), await login('own-2')]
    assert.equal(await statusOf(one.token, 'GET', `identity/entity/id/${one.entity}`), 200)
    assert.equal(await statusOf(one.token, 'GET', `identity/entity/id/${two.entity}`), 403)
    assert.equal(
      await statusOf(await createToken(server, { policies: ['default'] }), 'GET', `identity/entity/id/${one.entity}`),
      403,
    )
  })

  test('share no cubbyhole among their tokens', async () => {
    const [one, two] = [await login('cubby'), await login('cubby')]
    assert.equal(one.entity, two.entity)
    await server.call('POST', 'cubbyhole/x', { mine: 1 }, { token: one.token })
    assert.equal(await statusOf(one.token, 'GET', 'cubbyhole/x'), 200)
    assert.equal(await statusOf(two.token, 'GET', 'cubbyhole/x'), 404)
  })

  test('are made once, however many log in at the same time', async () => {
    const made = await Promise.all(Array.from({ length: 100 }, (_, i) => login(i % 2 === 0 ? 'Parallel' : 'pARALLEL')))
    assert.equal(new Set(made.map(({ entity }) => entity)).size, 1)
    const shown = await server.call('GET', `identity/entity/id/${made[0]?.entity ?? ''}`)
    assert.equal(listAt(shown.json, 'data', 'aliases').length, 1)
  })

  test('may be called like the members of every object', async () => {
    for (const name of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']) {
      const metadata = JSON.parse(`{"__proto__":"a","constructor":"b","${name}":"c"}`)
      for (const kind of ['entity', 'group']) {
        assert.equal((await server.call('GET', `identity/${kind}/name/${name}`)).status, 404)
        const id = await made(kind, { name, metadata })
        const read = await server.call('GET', `identity/${kind}/name/${name}`)
        assert.equal(at(read.json, 'data', 'id'), id)
        assert.deepEqual(Object.entries(Object(at(read.json, 'data', 'metadata'))), Object.entries(metadata))
        assert.equal((await server.call('DELETE', `identity/${kind}/name/${name}`)).status, 204)
      }
    }
    assert.equal(Reflect.get({}, 'admin'), undefined)
  })

  test('leave nothing in the storage when they go', async () => {
    const { entity } = await login('trace')
    await made('group', { name: 'trace', member_entity_ids: [entity] })
    await server.call('DELETE', `identity/entity/id/${entity}`)
    await server.call('DELETE', 'identity/group/name/trace')
    const raw = await server.call('LIST', 'sys/raw/logical')
    const keys: string[] = []
    for (const mount of listAt(raw.json, 'data', 'keys')) await collect(`sys/raw/logical/${String(mount)}`, keys)
    assert.deepEqual(
      keys.filter((key) => key.includes(entity) || key.endsWith('/trace')),
      [],
    )
  })

  const collect = async (folder: string, into: string[]): Promise<void> => {
    const found = await server.call('LIST', folder)
    if (found.status !== 200) return
    for (const name of listAt(found.json, 'data', 'keys').map(String)) {
      if (name.endsWith('/')) await collect(folder + name, into)
      else into.push(folder + name)
    }
  }
})
