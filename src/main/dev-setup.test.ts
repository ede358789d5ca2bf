import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { at } from '../../test/support/json.ts'
import { runServer } from '../../test/support/running.ts'
import { devSettings } from './dev-settings.ts'
import { openDevelopmentServer, prepareDevFolder, type DevKeys } from './dev-setup.ts'

const root = mkdtempSync(join(tmpdir(), 'coffer-dev-'))
after(() => rmSync(root, { recursive: true }))

const flags = {
  config: [],
  'log-level': '',
  'log-format': '',
  dev: false,
  'dev-persistent': true,
  'dev-root-token-id': '',
  'dev-listen-address': '127.0.0.1:0',
  'dev-no-store-token': true,
} as const

/** A development server, open by the time it listens. */
async function start(store: string | undefined, keysFile: string | undefined, devRootToken?: string) {
  const settings = devSettings(flags, store)
  let keys: DevKeys | undefined
  const server = await runServer(
    { ...settings, log: { ...settings.log, level: 'off' } },
    {
      ...(devRootToken === undefined ? {} : { devRootToken }),
      beforeListening: async (made) => {
        keys = await openDevelopmentServer(made, keysFile)
      },
    },
  )
  assert.ok(keys !== undefined)
  return Object.assign(server, { keys })
}

const folder = () => prepareDevFolder(mkdtempSync(join(root, 'x-')))

test('a first start sets up, a second one finds everything and makes nothing', async () => {
  const { store, keysFile } = folder()
  assert.equal(statSync(store).mode & 0o077, 0)
  let token = ''
  {
    await using first = await start(store, keysFile)
    token = first.keys.rootToken
    assert.equal(first.keys.fresh, true)
    assert.equal(statSync(keysFile).mode & 0o777, 0o600)
    assert.deepEqual(readFileSync(keysFile, 'utf8').includes(token), true)
    assert.equal((await first.call('PUT', 'secret/data/a', { token, body: { data: { b: 'c' } } })).status, 200)
  }
  const before = readFileSync(keysFile, 'utf8')
  await using second = await start(store, keysFile)
  assert.deepEqual([second.keys.fresh, second.keys.rootToken], [false, token])
  assert.equal(at((await second.call('GET', 'secret/data/a', { token })).json, 'data', 'data', 'b'), 'c')
  assert.equal(readFileSync(keysFile, 'utf8'), before)
})

test('a store whose keys file is missing is left as it is, and told what to do', async () => {
  const { store, keysFile } = folder()
  await (await start(store, keysFile))[Symbol.asyncDispose]()
  rmSync(keysFile)
  await assert.rejects(
    start(store, keysFile),
    (error: Error) => error.message.includes(keysFile) && /unseal it with|another folder/.test(error.message),
  )
  assert.ok(!existsSync(keysFile))
})

test('keys of another store open nothing', async () => {
  const [one, other] = [folder(), folder()]
  await (await start(one.store, one.keysFile))[Symbol.asyncDispose]()
  await (await start(other.store, other.keysFile))[Symbol.asyncDispose]()
  cpSync(other.keysFile, one.keysFile)
  await assert.rejects(start(one.store, one.keysFile), { status: 400 })
})

test('a keys file that is no such file is told of, without what is in it', async () => {
  const { store, keysFile } = folder()
  await (await start(store, keysFile))[Symbol.asyncDispose]()
  for (const text of ['{"unseal_key": 1, "root_token": "canary"}', '[]', 'null', 'canary']) {
    writeFileSync(keysFile, text)
    await assert.rejects(
      start(store, keysFile),
      (error: Error) => error.message.includes(keysFile) && !error.message.includes('canary'),
    )
  }
})

test('in memory there is no file, and the root token can be chosen', async () => {
  await using server = await start(undefined, undefined, 'my-root')
  assert.deepEqual([server.keys.fresh, server.keys.rootToken], [true, 'my-root'])
  assert.equal((await server.call('GET', 'auth/token/lookup-self', { token: 'my-root' })).status, 200)
  assert.equal(
    (await server.call('LIST', 'sys/raw/core', { token: 'my-root' })).status,
    200,
    'one in memory is for looking inside',
  )
})
