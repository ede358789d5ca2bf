import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { identityRooms } from '../../../../../test/support/identity-rooms.ts'
import { listAt } from '../../../../../test/support/json.ts'

suite('lists of entities', () => {
  test('are whole however long, and come in pages in the order of their names', async () => {
    await using rooms = await identityRooms()
    const names = Array.from({ length: 1205 }, (_, i) => `E-${String(i).padStart(4, '0')}`)
    for (const name of names) await rooms.made('entity', { name })
    assert.deepEqual(listAt((await rooms.engine.list('entity/name')).data, 'keys'), names)
    const ids = listAt((await rooms.engine.list('entity/id')).data, 'keys')
    assert.equal(new Set(ids).size, names.length)
    const page = await rooms.engine.list('entity/name', { after: 'e-0009', limit: '3' })
    assert.deepEqual(listAt(page.data, 'keys'), ['E-0010', 'E-0011', 'E-0012'])
    const last = await rooms.engine.list('entity/id', { after: String(ids.at(-3)), limit: '10' })
    assert.deepEqual(listAt(last.data, 'keys'), ids.slice(-2))
  })
})
