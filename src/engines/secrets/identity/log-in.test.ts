import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { at, listAt } from '../../../../test/support/json.ts'
import { identityRooms } from '../../../../test/support/identity-rooms.ts'
import { TokenRooms } from '../../../../test/support/token-rooms.ts'
import { MemoryDriver } from '../../../storage/drivers/memory.ts'

suite('a log-in', () => {
  test('makes an entity at the first time and finds it at the others, in whatever case', async () => {
    await using rooms = await identityRooms()
    const first = await rooms.login('up1', 'Bob', { metadata: { team: 'blue' } })
    for (const name of ['bob', 'BOB', ' bob ']) assert.equal(await rooms.login('up1', name), first)
    assert.notEqual(await rooms.login('up1', 'bobby'), first)
    assert.notEqual(await rooms.login('up2', 'bob'), first)
    const shown = (await rooms.engine.read(`entity/id/${first}`)).data
    assert.equal(listAt(shown, 'aliases').length, 1)
    assert.equal(at(shown, 'aliases', '0', 'name'), 'Bob')
  })

  test('makes one entity, however many come at once', async () => {
    await using rooms = await identityRooms()
    const ids = await Promise.all(
      Array.from({ length: 100 }, () => rooms.login('up1', 'bob', { metadata: { a: 'b' } })),
    )
    assert.equal(new Set(ids).size, 1)
    assert.equal(listAt((await rooms.engine.list('entity/id')).data, 'keys').length, 1)
    assert.equal(listAt((await rooms.engine.list('entity-alias/id')).data, 'keys').length, 1)
  })

  test('brings its metadata to its own alias alone', async () => {
    await using rooms = await identityRooms()
    const id = await rooms.login('up1', 'bob', { metadata: { scope: 'one' } })
    await rooms.write('entity-alias', {
      name: 'bob',
      mount_accessor: 'up2',
      canonical_id: id,
      custom_metadata: { q: 'r' },
    })
    for (let i = 0; i < 10; i++) await rooms.login('up2', 'bob', { metadata: { scope: `two-${i}` } })
    const entity = (await rooms.holder(id))?.facts.entity
    const [one, two] = entity?.aliases ?? []
    assert.deepEqual([one?.metadata, two?.metadata], [new Map([['scope', 'one']]), new Map([['scope', 'two-9']])])
    assert.deepEqual(two?.customMetadata, new Map([['q', 'r']]))
  })

  test('writes nothing where nothing is new', async () => {
    await using rooms = await identityRooms()
    await rooms.write('group', { name: 'devs', type: 'external' })
    const group = await rooms.made('group', { name: 'ops', type: 'external' })
    await rooms.write('group-alias', { name: 'ops', mount_accessor: 'up1', canonical_id: group })
    const wish = { metadata: { a: 'b' }, groups: ['ops', 'unknown'] }
    const id = await rooms.login('up1', 'bob', wish)
    const { sequence } = rooms.store.driver
    assert.equal(await rooms.login('up1', 'bob', wish), id)
    assert.equal(rooms.store.driver.sequence, sequence)
  })

  test('is no log-in without a name', async () => {
    await using rooms = await identityRooms()
    for (const name of ['', '  '])
      await assert.rejects(rooms.login('up1', name), { code: 'IDENTITY_ALIAS_NAME' }, JSON.stringify(name))
  })
})

suite('external groups', () => {
  async function withGroups() {
    const rooms = await identityRooms()
    const groups: Record<string, string> = {}
    for (const [name, accessor] of [
      ['devs', 'up1'],
      ['ops', 'up1'],
      ['far', 'up2'],
    ] as const) {
      const id = await rooms.made('group', { name, type: 'external', policies: [`p-${name}`] })
      await rooms.write('group-alias', { name: name.toUpperCase(), mount_accessor: accessor, canonical_id: id })
      groups[name] = id
    }
    return { rooms, groups }
  }

  test('have as members those whose last log-in named them', async () => {
    const { rooms } = await withGroups()
    await using _rooms = rooms
    const id = await rooms.login('up1', 'bob', { groups: ['devs', 'OPS', 'none'] })
    assert.deepEqual(await rooms.policies(id), ['p-devs', 'p-ops'])
    await rooms.login('up1', 'bob', { groups: ['Devs'] })
    assert.deepEqual(await rooms.policies(id), ['p-devs'])
    await rooms.login('up1', 'bob')
    assert.deepEqual(await rooms.policies(id), [])
  })

  test('of another mount stay as they are', async () => {
    const { rooms } = await withGroups()
    await using _rooms = rooms
    const id = await rooms.login('up1', 'bob', { groups: ['devs', 'far'] })
    assert.deepEqual(await rooms.policies(id), ['p-devs'], 'a mount names groups of its own only')
    await rooms.write('entity-alias', { name: 'bob', mount_accessor: 'up2', canonical_id: id })
    assert.equal(await rooms.login('up2', 'bob', { groups: ['far'] }), id)
    assert.deepEqual(await rooms.policies(id), ['p-devs', 'p-far'])
    await rooms.login('up1', 'bob', { groups: ['ops'] })
    assert.deepEqual(await rooms.policies(id), ['p-far', 'p-ops'])
  })

  test('leave an internal group alone that has somebody by hand', async () => {
    const { rooms } = await withGroups()
    await using _rooms = rooms
    const id = await rooms.login('up1', 'bob', { groups: ['devs'] })
    await rooms.write('group', { name: 'int', policies: ['p-int'], member_entity_ids: [id] })
    await rooms.login('up1', 'bob')
    assert.deepEqual(await rooms.policies(id), ['p-int'])
  })

  test('are followed at a renewal', async () => {
    const { rooms } = await withGroups()
    await using _rooms = rooms
    const id = await rooms.login('up1', 'bob', { groups: ['devs'] })
    const mount = rooms.mounts.get('up1')
    assert.ok(mount !== undefined)
    await rooms.store.write((view) => rooms.identity.refreshGroups(view, id, mount, ['ops']))
    assert.deepEqual(await rooms.policies(id), ['p-ops'])
  })

  test('are those of the token at its next request: named at the log-in, named otherwise at the renewal', async () => {
    const driver = new MemoryDriver()
    await using rooms = await identityRooms(driver)
    for (const name of ['devs', 'ops']) {
      const id = await rooms.made('group', { name, type: 'external', policies: [`p-${name}`] })
      await rooms.write('group-alias', { name, mount_accessor: 'up1', canonical_id: id })
    }
    const mount = rooms.mounts.get('up1')
    assert.ok(mount !== undefined)
    await using tokens = await TokenRooms.open({
      driver,
      tokens: {
        entities: rooms.identity,
        mountOf: (uuid) => (uuid === mount.uuid ? mount : undefined),
        renewals: { renew: async () => ({ groupAliases: ['ops'] }) },
      },
    })
    const auth = await tokens.login({ alias: { name: 'bob' }, groupAliases: ['devs'] }, mount)
    assert.deepEqual([auth.policies, auth.identityPolicies], [['default', 'p-devs', 'p1'], ['p-devs']])
    const caller = await tokens.caller(auth.clientToken)
    assert.deepEqual(caller?.policies, ['default', 'p-devs', 'p1'])
    assert.equal(await tokens.caller(auth.clientToken), caller, 'nothing is put together anew while nothing changes')
    await tokens.store.write(async (view) => {
      const token = await tokens.tokens.find(view, auth.clientToken)
      assert.ok(token !== undefined)
      await tokens.tokens.renew(view, token, 0, () => ({ period: 0, explicitMaxTtl: 0, limits: tokens.limits }))
    })
    assert.deepEqual((await tokens.caller(auth.clientToken))?.identityPolicies, ['p-ops'])
    const batch = await tokens.login({ alias: { name: 'bob' }, groupAliases: ['devs'], type: 'batch' }, mount)
    for (const { clientToken } of [auth, batch])
      assert.deepEqual((await tokens.caller(clientToken))?.identityPolicies, ['p-devs'])
    await rooms.write(`entity/id/${auth.entityId}`, { disabled: true })
    for (const { clientToken } of [auth, batch]) assert.equal(await tokens.caller(clientToken), undefined)
    await assert.rejects(tokens.login({ alias: { name: 'bob' } }, mount), { code: 'TOKEN_ENTITY_GONE' })
  })

  test('are empty once their alias is gone, moved or replaced', async () => {
    const { rooms, groups } = await withGroups()
    await using _rooms = rooms
    const id = await rooms.login('up1', 'bob', { groups: ['devs', 'ops'] })
    await rooms.write('group-alias', { name: 'other', mount_accessor: 'up1', canonical_id: groups['devs'] })
    assert.deepEqual(await rooms.policies(id), ['p-ops'])
    const shown = (await rooms.engine.read(`group/id/${groups['ops']}`)).data
    assert.equal((await rooms.engine.delete(`group-alias/id/${String(at(shown, 'alias', 'id'))}`)).status, 204)
    assert.deepEqual(await rooms.policies(id), [])
  })
})

suite('a mount that is removed', () => {
  test('takes its aliases with it, and the members of the groups it named', async () => {
    await using rooms = await identityRooms()
    const group = await rooms.made('group', { name: 'devs', type: 'external', policies: ['p-devs'] })
    await rooms.write('group-alias', { name: 'devs', mount_accessor: 'up1', canonical_id: group })
    const ids: string[] = []
    for (let i = 0; i < 450; i++) ids.push(await rooms.login('up1', `user-${i}`, { groups: ['devs'] }))
    const [first = ''] = ids
    await rooms.write('entity-alias', { name: 'kept', mount_accessor: 'up2', canonical_id: first })
    assert.deepEqual(await rooms.policies(first), ['p-devs'])
    const mount = rooms.mounts.get('up1')
    assert.ok(mount !== undefined)
    rooms.mounts.delete('up1')
    await rooms.identity.forgetMount(mount)
    await rooms.identity.forgetMount(mount)
    assert.deepEqual(
      (await rooms.engine.storedKeys()).filter((key) => key.includes('/up1/')),
      [],
    )
    assert.deepEqual(await rooms.policies(first), [])
    assert.equal(listAt((await rooms.engine.list('entity-alias/id')).data, 'keys').length, 1)
    assert.equal((await rooms.engine.list('group-alias/id')).status, 404)
    assert.equal(listAt((await rooms.engine.list('entity/id')).data, 'keys').length, 450)
  })
})
