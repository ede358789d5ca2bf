/** Identities in a whole server: what becomes of them over upgrades and when mounts go. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../support/callers.ts'
import { textAt } from '../support/json.ts'
import { startServer } from '../support/server.ts'

test('a vault from before there were identities has them once a newer server opens it', async () => {
  await using server = await startServer({ config: 'raw_storage_endpoint = true' })
  const before = textAt((await server.call('GET', 'sys/mounts/identity')).json, 'data', 'uuid')
  assert.equal((await server.call('DELETE', `sys/raw/core/mounts/${before}`)).status, 204)
  await server.kill()
  await server.restart()
  await server.unseal()
  assert.notEqual(textAt((await server.call('GET', 'sys/mounts/identity')).json, 'data', 'uuid'), before)
  assert.equal((await server.call('POST', 'identity/entity', { name: 'bob' })).status, 200)
  await server.kill()
  await server.restart()
  await server.unseal()
  assert.equal((await server.call('GET', 'identity/entity/name/bob')).status, 200)
})

test('the mount of identities is the only one, and stays where it is', async () => {
  await using server = await startServer({ storage: 'inmem' })
  assert.equal((await server.call('DELETE', 'sys/mounts/identity')).status, 400)
  assert.equal((await server.call('POST', 'sys/mounts/other', { type: 'identity' })).status, 400)
  assert.equal((await server.call('POST', 'sys/remount', { from: 'identity', to: 'other' })).status, 400)
  assert.equal((await server.call('POST', 'sys/mounts/identity/tune', { description: 'x' })).status, 400)
})

test('a mount that is removed takes its aliases with it, and no entity', async () => {
  await using server = await startServer({ storage: 'inmem' })
  await server.call('POST', 'sys/mounts/gone', { type: 'kv' })
  const accessor = textAt((await server.call('GET', 'sys/mounts/gone')).json, 'data', 'accessor')
  const alias = { name: 'bob', mount_accessor: accessor }
  const made = await server.call('POST', 'identity/entity-alias', alias)
  assert.equal((await server.call('POST', 'identity/group-alias', alias)).status, 200)
  assert.equal((await server.call('DELETE', 'sys/mounts/gone')).status, 204)
  await until('the aliases go', async () => {
    const left = await Promise.all(
      ['entity-alias', 'group-alias'].map((path) => server.call('LIST', `identity/${path}/id`)),
    )
    return left.every(({ status }) => status === 404) || undefined
  })
  const entity = await server.call('GET', `identity/entity/id/${textAt(made.json, 'data', 'canonical_id')}`)
  assert.equal(entity.status, 200)
})
