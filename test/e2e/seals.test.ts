/** Seals that open a server by themselves, in processes of their own: initialised, killed, restarted, moved. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { until } from '../support/callers.ts'
import { at, textAt } from '../support/json.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { transitServer } from '../support/transit-server.ts'

const hex = () => randomBytes(32).toString('hex')
const staticSeal = (id: string, key: string, more = '') =>
  `seal "static" {\n  current_key_id = "${id}"\n  current_key = "${key}"\n  ${more}\n}`

async function initialized(server: TestServer, body: object): Promise<unknown> {
  const answer = await server.call('PUT', 'sys/init', body)
  assert.equal(answer.status, 200, answer.text)
  server.token = textAt(answer.json, 'root_token')
  return answer.json
}

/** Puts another seal in the place of the one in the configuration, and starts again. */
async function restartWith(server: TestServer, seal: string): Promise<void> {
  await server.kill()
  const path = join(server.folder, 'coffer.hcl')
  const kept = readFileSync(path, 'utf8').replaceAll(/^seal "[^]*?^}$/gm, '')
  writeFileSync(path, `${kept}\n${seal}\n`)
  await server.restart()
}

async function status(server: TestServer): Promise<Record<string, unknown>> {
  const { json } = await server.call('GET', 'sys/seal-status')
  const names = ['type', 'sealed', 't', 'n', 'progress', 'recovery_seal', 'migration']
  return Object.fromEntries(names.map((name) => [name, at(json, name)]))
}

function unsealed(server: TestServer): Promise<true> {
  return until('the server unseals', async () => ((await status(server))['sealed'] === false ? true : undefined))
}

suite('a static seal', { concurrency: 2 }, () => {
  test('opens the server at once after init, and at each start', async () => {
    await using server = await startServer({ raw: true, config: staticSeal('a', hex()) })
    const made = await initialized(server, { recovery_shares: 3, recovery_threshold: 2 })
    assert.deepEqual(at(made, 'keys'), [])
    assert.equal((at(made, 'recovery_keys') as string[]).length, 3)
    const open = { type: 'static', sealed: false, t: 2, n: 3, progress: 0, recovery_seal: true, migration: false }
    assert.deepEqual(await status(server), open)
    await server.call('POST', 'sys/mounts/secret', { type: 'kv' })
    assert.equal((await server.call('PUT', 'secret/a', { b: 'c' })).status, 204)
    await server.kill()
    await server.restart()
    await unsealed(server)
    assert.match((await server.call('GET', 'secret/a')).text, /"b":"c"/)
  })

  test('stays sealed when it is sealed by hand, until recovery shares or a restart open it', async () => {
    await using server = await startServer({ raw: true, config: staticSeal('a', hex()) })
    const made = await initialized(server, { recovery_shares: 3, recovery_threshold: 2 })
    const keys = at(made, 'recovery_keys_base64') as string[]
    assert.equal((await server.call('PUT', 'sys/seal')).status, 204)
    const wrong = { key: randomBytes(33).toString('base64') }
    await server.call('PUT', 'sys/unseal', { key: keys[0] })
    const refused = await server.call('PUT', 'sys/unseal', wrong)
    assert.equal(refused.status, 400)
    assert.match(
      refused.text,
      /invalid key: failed to verify recovery key: recovery key does not match submitted values/,
    )
    await server.call('PUT', 'sys/unseal', { key: keys[2] })
    assert.equal((await status(server))['sealed'], true)
    await server.call('PUT', 'sys/unseal', { key: keys[1] })
    assert.equal((await status(server))['sealed'], false)
  })
})

suite('a vault moves', { concurrency: 2 }, () => {
  test('from its operators to a static seal, and back, with the same shares', async () => {
    await using server = await startServer({ shares: 3, threshold: 2 })
    const [one = '', two = '', three = ''] = server.keys
    const give = (key: string, migrate: boolean) => server.call('PUT', 'sys/unseal', { key, migrate })
    const key = hex()
    await restartWith(server, staticSeal('a', key))
    const waiting = { type: 'static', sealed: true, t: 2, n: 3, progress: 0, recovery_seal: true, migration: true }
    assert.deepEqual(await status(server), waiting)
    await server.said(/entering seal migration|is to be moved to/)

    const without = await give(one, false)
    assert.equal(without.status, 400)
    assert.match(without.text, /migrate option not provided and seal migration is pending/)
    await give(one, true)
    const wrong = await give(randomBytes(33).toString('base64'), true)
    assert.equal(wrong.status, 400)
    assert.equal((await status(server))['progress'], 0)
    await give(one, true)
    assert.equal((await give(two, true)).status, 200)
    assert.deepEqual(await status(server), { ...waiting, sealed: false, migration: false })
    assert.equal((await give(two, true)).status, 200, 'one too many does no harm')

    await server.kill()
    await server.restart()
    await unsealed(server)
    assert.equal((await give(two, true)).status, 400)

    await server.kill()
    await restartWith(server, staticSeal('a', key, 'disabled = "true"'))
    const back = { type: 'shamir', sealed: true, t: 2, n: 3, progress: 0, recovery_seal: false, migration: true }
    assert.deepEqual(await status(server), back)
    await give(three, true)
    await give(one, true)
    assert.deepEqual(await status(server), { ...back, sealed: false, migration: false })
    await restartWith(server, '')
    await give(three, false)
    await give(two, false)
    assert.equal((await status(server))['sealed'], false)
  })

  test('from one static key to another, by their ids or as another seal', async () => {
    const [first, second] = [hex(), hex()]
    await using server = await startServer({ raw: true, config: staticSeal('a', first) })
    const made = await initialized(server, { recovery_shares: 1, recovery_threshold: 1 })
    const previous = `previous_key_id = "a"\n  previous_key = "${first}"`
    await restartWith(server, staticSeal('b', second, previous))
    await unsealed(server)
    await server.said(/wrapped the root key anew/)
    await restartWith(server, staticSeal('b', second))
    await unsealed(server)

    await restartWith(server, `${staticSeal('b', second, 'disabled = true')}\n${staticSeal('c', first)}`)
    assert.equal((await status(server))['migration'], true)
    const [key = ''] = at(made, 'recovery_keys') as string[]
    assert.equal((await server.call('PUT', 'sys/unseal', { key, migrate: true })).status, 200)
    assert.deepEqual([(await status(server))['sealed'], (await status(server))['migration']], [false, false])
    await restartWith(server, staticSeal('c', first))
    await unsealed(server)
  })

  test('nowhere without the seal that it comes from', async () => {
    await using server = await startServer({ raw: true, config: staticSeal('a', hex()) })
    await initialized(server, {})
    await server.kill()
    const path = join(server.folder, 'coffer.hcl')
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/^seal "[^]*?^}$/gm, ''))
    await assert.rejects(
      server.restart(),
      /cannot seal migrate from \\?"static\\?" to \\?"shamir\\?", no disabled seal/,
    )
  })
})

suite('a transit seal', () => {
  test('opens the server as soon as the other server is back, and tells of its health', async () => {
    await using kms = await transitServer()
    const seal = `seal "transit" {\n  address = "${kms.address}"\n  token = "${kms.token}"\n  key_name = "unseal"\n}`
    await using server = await startServer({ raw: true, config: seal })
    kms.away = true
    const refused = await server.call('PUT', 'sys/init', { recovery_shares: 1, recovery_threshold: 1 })
    assert.equal(refused.status, 503)
    assert.doesNotMatch(refused.text, /127\.0\.0\.1/)
    await server.said(/status 503 \(Vault is sealed\)/)
    kms.away = false
    await initialized(server, { recovery_shares: 1, recovery_threshold: 1 })
    const healthy = { healthy: true, backends: [{ name: 'transit', healthy: true }] }
    assert.deepEqual((await server.call('GET', 'sys/seal-backend-status')).json, healthy)

    kms.away = true
    await server.kill()
    await server.restart()
    await server.said(/could not unseal by itself and tries again/)
    assert.equal((await status(server))['sealed'], true)
    kms.away = false
    await unsealed(server)
    assert.doesNotMatch(server.output, /canary/)
  })
})
