/** Control groups: what others have to authorize is carried out once, for who asked, exactly as asked, and only while they still stand by it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../../src/lib/clock.ts'
import { composedServer } from '../support/composed.ts'
import { until } from '../support/callers.ts'
import { at, textAt } from '../support/json.ts'
import { heldBy, People } from '../support/people.ts'

const APPROVER = 'path "sys/control-group/authorize" { capabilities = ["update"] }'

async function house(rule: string, clock = new FakeClock(1_800_000_000_000)) {
  const server = await composedServer({ clock })
  await server.call('POST', 'sys/mounts/kv', { type: 'kv' })
  await server.call('POST', 'kv/a', { secret: 'canary' })
  const people = await People.in(server)
  await people.policy('held', rule)
  await people.policy('approver', APPROVER)
  const bob = await people.add('bob', ['held'])
  const ann = await people.add('ann', ['approver'])
  const max = await people.add('max', ['approver'])
  const eve = await people.add('eve', ['approver', 'held'])
  await people.group('managers', [ann, max])
  return { server, people, bob, ann, max, eve, clock }
}

const TWO = `path "kv/*" { capabilities = ["create", "read", "update"]
  control_group = { factor "boss" { identity { group_names = ["managers"] approvals = 2 } } } }`

test('a read waits for two members, and is carried out once, for the one who asked', async () => {
  const { server, people, bob, ann, max, eve } = await house(TWO)
  await using _ = server
  const asked = await people.by(bob, 'GET', 'kv/a')
  const held = heldBy(asked)
  assert.deepEqual([at(asked.json, 'wrap_info', 'ttl'), at(asked.json, 'wrap_info', 'creation_path')], [86_400, 'kv/a'])
  assert.ok(!asked.text.includes('canary'))
  const unwrap = (who: typeof bob) => people.by(who, 'POST', 'sys/wrapping/unwrap', { token: held.token })
  const authorize = (who: typeof bob) =>
    people.by(who, 'POST', 'sys/control-group/authorize', { accessor: held.accessor })
  assert.equal((await unwrap(bob)).status, 403)
  assert.equal(at((await authorize(ann)).json, 'data', 'approved'), false)
  assert.equal(at((await authorize(ann)).json, 'data', 'approved'), false, 'twice the same counts once')
  assert.equal((await authorize(eve)).status, 403, 'of no group that counts')
  assert.equal((await unwrap(bob)).status, 403)
  assert.equal(at((await authorize(max)).json, 'data', 'approved'), true)
  const status = await people.by(bob, 'POST', 'sys/control-group/request', { accessor: held.accessor })
  assert.deepEqual(at(status.json, 'data', 'request_entity'), {
    id: bob.entity,
    name: at(status.json, 'data', 'request_entity', 'name'),
  })
  assert.equal(at(status.json, 'data', 'request_path'), 'kv/a')
  assert.equal(at(status.json, 'data', 'authorizations', '1', 'entity_id'), max.entity)
  assert.equal((await unwrap(eve)).status, 403, 'by nobody else')
  assert.equal((await people.by({ ...bob, token: held.token }, 'POST', 'sys/wrapping/unwrap')).status, 403)
  const got = await unwrap(bob)
  assert.deepEqual([got.status, at(got.json, 'data', 'secret')], [200, 'canary'])
  assert.equal((await unwrap(bob)).status, 400)
  assert.equal((await authorize(ann)).status, 400)
})

const ONE = `path "kv/*" { capabilities = ["create", "read", "update", "delete"]
  control_group = { factor "boss" { identity { group_names = ["managers"] } } } }`

test('what is carried out is what was asked for, to the last digit, and nothing where something else has become of it', async () => {
  const { server, people, bob, ann } = await house(ONE)
  await using _ = server
  const unwrap = (token: string, body: object = {}) =>
    people.by(bob, 'POST', 'sys/wrapping/unwrap', { ...body, token }, { 'X-Vault-Wrap-TTL': '' })
  const approve = async (accessor: string) =>
    assert.equal(
      at((await people.by(ann, 'POST', 'sys/control-group/authorize', { accessor })).json, 'data', 'approved'),
      true,
    )
  const exact = '{"n":9007199254740993,"f":1.0,"s":"\\u00e9"}'
  const written = heldBy(await people.by(bob, 'POST', 'kv/new', exact))
  assert.equal((await server.call('GET', 'kv/new')).status, 404, 'nothing is done before')
  await approve(written.accessor)
  assert.equal((await unwrap(written.token, { n: 1, path: 'kv/other' })).status, 204)
  assert.ok((await server.call('GET', 'kv/new')).text.includes(exact))
  // A create that has become an update would overwrite what nobody knew of.
  const late = heldBy(await people.by(bob, 'POST', 'kv/late', { mine: 1 }))
  await approve(late.accessor)
  await server.call('POST', 'kv/late', { theirs: 1 })
  const refused = await unwrap(late.token)
  assert.equal(refused.status, 400)
  assert.match(refused.text, /not carried out: the request has become one to update/)
  assert.equal(at((await server.call('GET', 'kv/late')).json, 'data', 'theirs'), 1)
  const other = heldBy(await people.by(bob, 'GET', 'kv/a'))
  await approve(other.accessor)
  const moved = await server.call('POST', 'sys/remount', { from: 'kv', to: 'old' })
  await until('the move', async () =>
    (await server.call('GET', `sys/remount/status/${textAt(moved.json, 'data', 'migration_id')}`)).text.includes(
      'success',
    )
      ? true
      : undefined,
  )
  await server.call('POST', 'sys/mounts/kv', { type: 'kv' })
  await server.call('POST', 'kv/a', { secret: 'another mount' })
  assert.match((await unwrap(other.token)).text, /what is mounted there has changed/)
  const gone = heldBy(await people.by(bob, 'GET', 'kv/a'))
  await approve(gone.accessor)
  await server.call('DELETE', 'sys/mounts/kv')
  assert.equal((await unwrap(gone.token)).status, 400, 'it goes with the mount')
})

test('the policies decide anew: what was taken back, or tightened, holds', async () => {
  const { server, people, bob, ann, max } = await house(ONE)
  await using _ = server
  const held = heldBy(await people.by(bob, 'GET', 'kv/a'))
  const authorize = (who: typeof bob) =>
    people.by(who, 'POST', 'sys/control-group/authorize', { accessor: held.accessor })
  const unwrap = () => people.by(bob, 'POST', 'sys/wrapping/unwrap', { token: held.token })
  await authorize(ann)
  await people.policy('held', TWO)
  assert.equal((await unwrap()).status, 403, 'two are asked for by now')
  await authorize(max)
  await people.policy('held', 'path "kv/*" { capabilities = ["list"] }')
  assert.match((await unwrap()).text, /permission denied/)
  await people.policy('held', TWO)
  await people.group('managers', [ann])
  assert.equal((await unwrap()).status, 403, 'one has left the group')
  await people.group('managers', [ann, max])
  await server.call('POST', 'identity/entity/id/' + max.entity, { disabled: true })
  assert.equal((await unwrap()).status, 403, 'one is disabled')
  await server.call('POST', 'identity/entity/id/' + max.entity, { disabled: false })
  assert.equal((await unwrap()).status, 200)
})

test('nobody authorizes his own request, under whatever name; and two who are one count once', async () => {
  const { server, people, bob, ann, max } = await house(TWO)
  await using _ = server
  await people.policy('both', `${APPROVER}\n${TWO}`)
  const asker = await people.add('asker', ['both'])
  await people.group('managers', [ann, max, asker])
  const held = heldBy(await people.by(asker, 'GET', 'kv/a'))
  const authorize = (who: typeof bob) =>
    people.by(who, 'POST', 'sys/control-group/authorize', { accessor: held.accessor })
  const self = await authorize(asker)
  assert.deepEqual([self.status, at(self.json, 'errors', 0)], [403, 'nobody authorizes a request of his own'])
  assert.equal((await authorize(await people.logIn('asker'))).status, 403, 'nor with another token')
  await authorize(ann)
  await authorize(max)
  const keep = async (entity: string) =>
    at((await server.call('GET', `identity/entity/id/${entity}`)).json, 'data', 'aliases', 0, 'id')
  const merge = async (from: string, to: string) =>
    server.call('POST', 'identity/entity/merge', {
      from_entity_ids: [from],
      to_entity_id: to,
      conflicting_alias_ids_to_keep: [await keep(to)],
    })
  assert.equal((await merge(max.entity, ann.entity)).status, 204)
  const status = await people.by(asker, 'POST', 'sys/control-group/request', { accessor: held.accessor })
  assert.equal(at(status.json, 'data', 'approved'), false, 'two who were merged')
  assert.equal((await merge(ann.entity, asker.entity)).status, 204)
  const after = await people.by(asker, 'POST', 'sys/control-group/request', { accessor: held.accessor })
  assert.deepEqual(at(after.json, 'data', 'authorizations'), [], 'the requester himself by now')
})

test('of a hundred who authorize and unwrap at once, all count and one gets it', async () => {
  const clock = new FakeClock(1_800_000_000_000)
  const { server, people, bob } = await house(ONE, clock)
  await using _ = server
  const bosses = []
  for (let i = 0; i < 12; i++) bosses.push(await people.add(`boss${i}`, ['approver']))
  await people.group('managers', bosses)
  await people.policy('held', ONE.replace('"managers"]', '"managers"] approvals = 12'))
  const held = heldBy(await people.by(bob, 'POST', 'kv/count', { one: 1 }))
  const authorized = await Promise.all(
    [...bosses, ...bosses].map((boss) =>
      people.by(boss, 'POST', 'sys/control-group/authorize', { accessor: held.accessor }),
    ),
  )
  assert.ok(authorized.every(({ status }) => status === 200))
  assert.ok(authorized.some(({ json }) => at(json, 'data', 'approved') === true))
  const status = await people.by(bob, 'POST', 'sys/control-group/request', { accessor: held.accessor })
  assert.equal(new Set(Object.values(Object(at(status.json, 'data', 'authorizations')))).size, 12)
  const unwrapped = await Promise.all(
    Array.from({ length: 100 }, () => people.by(bob, 'POST', 'sys/wrapping/unwrap', { token: held.token })),
  )
  assert.equal(unwrapped.filter((one) => one.status === 204).length, 1)
  assert.equal(unwrapped.filter((one) => one.status === 400).length, 99)
})

test('whatever commit fails, it is carried out once or not at all, and can be had as long as it was not', async () => {
  for (const fault of ['failCommit', 'loseAnswerOfCommit'] as const) {
    for (let commit = 1; commit <= 3; commit++) {
      const { server, people, bob, ann } = await house(ONE)
      await using _ = server
      const held = heldBy(await people.by(bob, 'POST', 'kv/new', { a: 1 }))
      server.driver.plan({ [fault]: commit })
      const first = await people.by(ann, 'POST', 'sys/control-group/authorize', { accessor: held.accessor })
      const done = await people.by(bob, 'POST', 'sys/wrapping/unwrap', { token: held.token })
      server.driver.plan({})
      await server.restart()
      const isWritten = (await server.call('GET', 'kv/new')).status === 200
      if (done.status === 204) assert.ok(isWritten)
      if (first.status !== 200 && fault === 'failCommit') assert.equal(isWritten, false)
      await people.by(ann, 'POST', 'sys/control-group/authorize', { accessor: held.accessor })
      const again = await people.by(bob, 'POST', 'sys/wrapping/unwrap', { token: held.token })
      assert.equal(again.status, isWritten ? 400 : 204, `${fault} ${commit}: ${again.text}`)
      assert.equal((await server.call('GET', 'kv/new')).status, 200)
      assert.equal((await server.storedKeys('sys/wrapping/')).length, 0, 'nothing is left of it')
    }
  }
})

test('it waits no longer than rule and server say, is of its namespace, and asks for an identity', async () => {
  const { server, people, bob, ann, clock } = await house(
    ONE.replace('control_group = {', 'control_group = { ttl = "4h" max_ttl = "2h"'),
  )
  await using _ = server
  const asked = await people.by(bob, 'GET', 'kv/a')
  assert.equal(at(asked.json, 'wrap_info', 'ttl'), 7200)
  assert.equal((await server.call('POST', 'sys/config/control-group', { max_ttl: '10m' })).status, 204)
  assert.equal(at((await server.call('GET', 'sys/config/control-group')).json, 'data', 'max_ttl'), 600)
  const short = await people.by(bob, 'GET', 'kv/a')
  assert.equal(at(short.json, 'wrap_info', 'ttl'), 600)
  const { token, accessor } = heldBy(short)
  const looked = await people.by(bob, 'POST', 'sys/wrapping/lookup', { token })
  assert.equal(at(looked.json, 'data', 'creation_path'), 'kv/a')
  await server.call('POST', 'sys/namespaces/team')
  const elsewhere = await server.call(
    'POST',
    'sys/control-group/request',
    { accessor },
    { headers: { 'X-Vault-Namespace': 'team' } },
  )
  assert.deepEqual([elsewhere.status, at(elsewhere.json, 'errors', 0)], [400, 'invalid accessor'])
  await people.by(ann, 'POST', 'sys/control-group/authorize', { accessor })
  await clock.advance(600_000)
  assert.equal((await people.by(bob, 'POST', 'sys/wrapping/unwrap', { token })).status, 400)
  assert.equal((await people.by(ann, 'POST', 'sys/control-group/authorize', { accessor })).status, 400)
  assert.equal((await server.call('DELETE', 'sys/config/control-group')).status, 204)
  const made = await server.call('POST', 'auth/token/create', { policies: ['held'] })
  const nobody = { ...bob, token: String(at(made.json, 'auth', 'client_token')) }
  const refused = await people.by(nobody, 'GET', 'kv/a')
  assert.equal(refused.status, 403)
  assert.match(refused.text, /has an entity/)
})

test('a factor holds what it controls, sudo among it, and a body of any size is not kept', async () => {
  const { server, people, bob } = await house(`path "kv/*" { capabilities = ["read", "update", "create", "delete"]
    control_group = { factor "w" { controlled_capabilities = ["delete"] identity { group_names = ["managers"] } } } }
    path "sys/rotate" { capabilities = ["update", "sudo"]
    control_group = { factor "s" { controlled_capabilities = ["sudo"] identity { group_names = ["managers"] } } } }
    path "sys/storage/*" { capabilities = ["read", "update", "sudo"]
    control_group = { factor "s" { identity { group_names = ["managers"] } } } }`)
  await using _ = server
  assert.equal((await people.by(bob, 'GET', 'kv/a')).status, 200)
  heldBy(await people.by(bob, 'DELETE', 'kv/a'))
  assert.equal((await server.call('GET', 'kv/a')).status, 200)
  heldBy(await people.by(bob, 'POST', 'sys/rotate'))
  const large = await people.by(bob, 'POST', 'sys/storage/raft/snapshot', 'bytes')
  assert.match(large.text, /cannot be kept/)
  await people.policy('held', ONE)
  assert.match((await people.by(bob, 'POST', 'kv/a', { a: 'x'.repeat(1 << 20) })).text, /keeps bodies of at most/)
})

test('groups are those of the policy’s namespace by name, and of one above by id; nothing is told across', async () => {
  const { server, people: above, ann, max } = await house(ONE)
  await using _ = server
  await server.call('POST', 'sys/namespaces/team')
  const people = await People.in(server, 'team')
  assert.equal((await people.root('POST', 'sys/mounts/kv', { type: 'kv' })).status, 204)
  await people.root('POST', 'kv/a', { secret: 'of the team' })
  const [group] = [await above.group('managers', [ann, max])]
  const bob = await people.add('bob', ['held'])
  const liz = await people.add('liz', ['approver'])
  await people.policy('approver', APPROVER)
  await above.policy('approver', `${APPROVER}\npath "team/sys/control-group/*" { capabilities = ["update"] }`)
  const read = async () => heldBy(await people.by(bob, 'GET', 'kv/a'))
  const authorize = (who: typeof bob, accessor: string) =>
    people.by(who, 'POST', 'sys/control-group/authorize', { accessor })
  await people.policy('held', ONE)
  const byName = await read()
  assert.equal((await authorize(ann, byName.accessor)).status, 403, 'a group of that name in another namespace')
  await people.group('managers', [liz])
  assert.equal((await authorize(liz, byName.accessor)).status, 200)
  await people.policy('held', ONE.replace('group_names = ["managers"]', `group_ids = ["${group}"]`))
  const byId = await read()
  assert.equal((await authorize(liz, byId.accessor)).status, 403)
  assert.equal((await above.by(ann, 'POST', 'sys/control-group/authorize', { accessor: byId.accessor })).status, 400)
  assert.equal(at((await authorize(ann, byId.accessor)).json, 'data', 'approved'), true)
  const done = await people.by(bob, 'POST', 'sys/wrapping/unwrap', { token: byId.token })
  assert.equal(at(done.json, 'data', 'secret'), 'of the team')
  await server.call('POST', 'team/sys/config/control-group', { max_ttl: 60 })
  await server.call('DELETE', 'sys/namespaces/team')
  await until('the end of the namespace', async () =>
    (await server.storedKeys('core/control-group/')).length === 0 ? true : undefined,
  )
})
