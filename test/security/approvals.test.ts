/** Control groups: what others have to authorize is carried out once, for who asked, exactly as asked, and only while they still stand by it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../../src/lib/clock.ts'
import { composedServer } from '../support/composed.ts'
import { at } from '../support/json.ts'
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
