import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { identityRooms, type IdentityRooms } from '../../../../test/support/identity-rooms.ts'
import { MemoryDriver } from '../../../storage/drivers/memory.ts'
import type { Snapshot } from '../../../storage/driver.ts'

/** Counts what is read of the storage. */
class CountingDriver extends MemoryDriver {
  reads = 0

  override snapshot(): Snapshot {
    const snapshot = super.snapshot()
    return {
      sequence: snapshot.sequence,
      get: (key) => (this.reads++, snapshot.get(key)),
      keys: (range) => (this.reads++, snapshot.keys(range)),
      entries: (range) => (this.reads++, snapshot.entries(range)),
      close: () => snapshot.close(),
    }
  }
}

suite('what follows from an entity', () => {
  test('is read once, and is the same object until something of it changes', async () => {
    const driver = new CountingDriver()
    await using rooms = await identityRooms(driver)
    const id = await rooms.login('up1', 'bob')
    await rooms.write('group', { name: 'g', policies: ['pg'], member_entity_ids: [id] })
    const first = await rooms.holder(id)
    assert.deepEqual(first?.policies, ['pg'])
    driver.reads = 0
    const view = await rooms.store.beginRead()
    assert.equal(rooms.identity.holderOf(id, view), first, 'without waiting')
    view.discard()
    assert.equal(driver.reads, 0)
    // Others come and go.
    await rooms.login('up1', 'eve')
    await rooms.store.write((other) => other.put('logical/kv/x', Buffer.from('x')))
    assert.equal(await rooms.holder(id), first)
    await rooms.write(`entity/id/${id}`, { metadata: { a: 'b' } })
    const second = await rooms.holder(id)
    assert.notEqual(second, first)
    assert.deepEqual(second?.facts.entity?.metadata, new Map([['a', 'b']]))
  })

  const changes: readonly (readonly [string, (rooms: IdentityRooms, id: string) => Promise<unknown>, unknown])[] = [
    [
      'policies of its own',
      (r, id) => r.write(`entity/id/${id}`, { policies: ['new'] }),
      ['new', 'p-inner', 'p-outer'],
    ],
    ['policies of its group', (r) => r.write('group/name/inner', { policies: ['new'] }), ['new', 'p-outer']],
    ['policies of a group above', (r) => r.write('group/name/outer', { policies: ['new'] }), ['new', 'p-inner']],
    ['its leaving the group', (r) => r.write('group/name/inner', { member_entity_ids: [] }), []],
    ['its group leaving', (r) => r.write('group/name/middle', { member_group_ids: [] }), ['p-inner']],
    ['a group two above', (r) => r.engine.delete('group/name/outer'), ['p-inner']],
    ['its group going', (r) => r.engine.delete('group/name/inner'), []],
    ['its being disabled', (r, id) => r.write(`entity/id/${id}`, { disabled: true }), undefined],
    ['its going', (r, id) => r.engine.delete(`entity/id/${id}`), undefined],
    ['its going with others', (r, id) => r.write('entity/batch-delete', { entity_ids: [id] }), undefined],
  ]
  for (const [what, change, expected] of changes) {
    test(`changes at once with ${what}, in every thread`, async () => {
      await using rooms = await identityRooms()
      const id = await rooms.login('up1', 'bob')
      const inner = await rooms.made('group', { name: 'inner', policies: ['p-inner'], member_entity_ids: [id] })
      const middle = await rooms.made('group', { name: 'middle', member_group_ids: [inner] })
      await rooms.made('group', { name: 'outer', policies: ['p-outer'], member_group_ids: [middle] })
      const other = rooms.another()
      for (const one of [rooms.identity, other])
        assert.deepEqual((await rooms.holder(id, one))?.policies, ['p-inner', 'p-outer'])
      await change(rooms, id)
      for (const one of [rooms.identity, other]) assert.deepEqual((await rooms.holder(id, one))?.policies, expected)
    })
  }

  test('is that of the one it was merged into, and goes with that one', async () => {
    await using rooms = await identityRooms()
    const [a, b, c] = [await rooms.login('up1', 'a'), await rooms.login('up2', 'b'), await rooms.login('here', 'c')]
    await rooms.write(`entity/id/${b}`, { policies: ['pb'] })
    await rooms.write(`entity/id/${c}`, { policies: ['pc'] })
    assert.deepEqual(await rooms.policies(a), [])
    await rooms.write('entity/merge', { to_entity_id: b, from_entity_ids: [a] })
    assert.deepEqual(await rooms.policies(a), ['pb'])
    assert.equal((await rooms.holder(a))?.facts.entity?.id, b)
    assert.equal(await rooms.holder(a), await rooms.holder(b))
    await rooms.write('entity/merge', { to_entity_id: c, from_entity_ids: [b] })
    assert.deepEqual([await rooms.policies(a), await rooms.policies(b)], [['pc'], ['pc']])
    await rooms.write(`entity/id/${c}`, { policies: ['pc2'] })
    assert.deepEqual(await rooms.policies(a), ['pc2'])
    await rooms.engine.delete(`entity/id/${c}`)
    for (const id of [a, b, c]) assert.equal(await rooms.holder(id), undefined)
    assert.deepEqual(await rooms.engine.storedKeys(), [])
  })

  test('is seen by the transaction that changes it, and kept only once it is committed', async () => {
    await using rooms = await identityRooms()
    const id = await rooms.login('up1', 'bob')
    await rooms.write(`entity/id/${id}`, { policies: ['old'] })
    const mount = rooms.mounts.get('up1')
    assert.ok(mount !== undefined)
    const failed = rooms.store.write(async (view) => {
      const made = await rooms.identity.entityOf(view, { name: 'new', mount, metadata: undefined })
      assert.deepEqual((await rooms.identity.holderOf(made, view))?.policies, [])
      view.delete(`mount/entity/${id}`)
      assert.equal(await rooms.identity.holderOf(id, view), undefined)
      throw new Error('rolled back')
    })
    await assert.rejects(failed, /rolled back/)
    assert.deepEqual(await rooms.policies(id), ['old'])
  })

  test('is never kept from a snapshot of before a change', async () => {
    await using rooms = await identityRooms()
    const id = await rooms.login('up1', 'bob')
    const group = await rooms.made('group', { name: 'g', policies: ['old'], member_entity_ids: [id] })
    const old = await rooms.store.beginRead()
    await rooms.write(`group/id/${group}`, { policies: ['new'] })
    assert.deepEqual((await rooms.identity.holderOf(id, old))?.policies, ['old'])
    old.discard()
    assert.deepEqual(await rooms.policies(id), ['new'])
    const older = await rooms.store.beginRead()
    await rooms.write(`entity/id/${id}`, { policies: ['own'] })
    await rooms.identity.holderOf(id, older)
    older.discard()
    assert.deepEqual(await rooms.policies(id), ['new', 'own'])
  })

  test('is told to other rooms as it stands in their view', async () => {
    await using rooms = await identityRooms()
    const id = await rooms.login('up1', 'bob', { metadata: { a: 'b' } })
    await rooms.write(`entity/id/${id}`, { policies: ['p'], disabled: true, metadata: { k: 'v' } })
    const inner = await rooms.made('group', { name: 'inner', member_entity_ids: [id] })
    const outer = await rooms.made('group', { name: 'outer', member_group_ids: [inner], metadata: { g: 'm' } })
    await rooms.store.read(async (view) => {
      const facts = await rooms.identity.entity(view, id)
      assert.deepEqual([facts?.policies, facts?.disabled, facts?.metadata], [['p'], true, new Map([['k', 'v']])])
      const [alias] = facts?.aliases ?? []
      assert.deepEqual([alias?.mountType, alias?.mountPath, alias?.name], ['userpass', 'auth/up1/', 'bob'])
      const groups = await rooms.identity.groupsOf(view, id)
      assert.deepEqual(groups.map((group) => group.id).toSorted(), [inner, outer].toSorted())
      assert.equal(await rooms.identity.entity(view, 'none'), undefined)
      assert.deepEqual(await rooms.identity.groupsOf(view, 'none'), [])
    })
  })
})

/** Groups as anybody would write them down. */
class NaiveGroups {
  readonly groups = new Map<number, { policies: string[]; entities: Set<number>; groups: Set<number> }>()

  below(id: number, seen = new Set<number>()): Set<number> {
    for (const child of this.groups.get(id)?.groups ?? []) {
      if (seen.has(child)) continue
      seen.add(child)
      this.below(child, seen)
    }
    return seen
  }

  /** Whether `members` in `id` would put it below itself. */
  circles(id: number, members: readonly number[]): boolean {
    return members.some((member) => member === id || this.below(member).has(id))
  }

  policiesOf(entity: number): string[] {
    const out = new Set<string>()
    for (const [id, { policies }] of this.groups) {
      const all = [id, ...this.below(id)]
      if (all.some((one) => this.groups.get(one)?.entities.has(entity) === true))
        policies.forEach((name) => out.add(name))
    }
    return [...out].toSorted()
  }
}

suite('groups in groups', () => {
  const index = fc.nat({ max: 4 })
  const some = fc.uniqueArray(index, { maxLength: 3 })
  const step = fc.oneof(
    fc.record({ do: fc.constant('groups' as const), group: index, members: some }),
    fc.record({ do: fc.constant('entities' as const), group: index, members: some }),
    fc.record({ do: fc.constant('policies' as const), group: index, members: some }),
    fc.record({ do: fc.constant('delete' as const), group: index, members: fc.constant<number[]>([]) }),
  )

  test('give the policies of a naive model, and never close a circle', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        await using rooms = await identityRooms()
        const entities: string[] = []
        for (let i = 0; i < 5; i++) entities.push(await rooms.made('entity', { name: `e${i}` }))
        const ids = new Map<number, string>()
        const model = new NaiveGroups()
        for (const { do: what, group, members } of steps) {
          if (!model.groups.has(group)) {
            ids.set(group, await rooms.made('group', { name: `g${group}` }))
            model.groups.set(group, { policies: [], entities: new Set(), groups: new Set() })
          }
          const here = model.groups.get(group)
          if (here === undefined) continue
          if (what === 'delete') {
            await rooms.engine.delete(`group/id/${ids.get(group)}`)
            model.groups.delete(group)
            for (const other of model.groups.values()) other.groups.delete(group)
          } else if (what === 'groups') {
            const there = members.filter((member) => model.groups.has(member))
            const answer = await rooms.engine.write(`group/id/${ids.get(group)}`, {
              member_group_ids: there.map((member) => ids.get(member)),
            })
            assert.equal(answer.status, model.circles(group, there) ? 400 : 204, answer.text)
            if (answer.status === 204) here.groups = new Set(there)
          } else if (what === 'entities') {
            await rooms.write(`group/name/g${group}`, { member_entity_ids: members.map((member) => entities[member]) })
            here.entities = new Set(members)
          } else {
            here.policies = members.map((member) => `p${member}`)
            await rooms.write(`group/name/g${group}`, { policies: here.policies })
          }
          for (const [i, id] of entities.entries()) assert.deepEqual(await rooms.policies(id), model.policiesOf(i))
        }
      }),
      { numRuns: 60 },
    )
  })
})
