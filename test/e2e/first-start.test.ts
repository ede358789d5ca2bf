/** `npm start`, as a newcomer runs it: a server that sets itself up, says how to use it, and opens itself the next time. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { request } from '../support/http.ts'
import { at, textAt } from '../support/json.ts'
import { coffer, freePort } from '../support/server.ts'

test('a first start from any folder, through a symlink, and a second one that finds everything', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-first-'))
  const link = join(folder, 'linked')
  symlinkSync(coffer, link)
  const port = await freePort()
  const address = `http://127.0.0.1:${port}`
  const env = { ...process.env, VAULT_ADDR: address, HOME: folder, COFFER_TOKEN: undefined, VAULT_TOKEN: undefined }
  try {
    const first = await start(link, folder, port)
    assert.match(first.output(), /development/i)
    assert.match(first.output(), new RegExp(`export VAULT_ADDR='?${address}`))
    const keysFile = join(folder, 'coffer-data', 'dev-keys.json')
    assert.equal(statSync(keysFile).mode & 0o777, 0o600)
    const keys: unknown = JSON.parse(readFileSync(keysFile, 'utf8'))
    const token = textAt(keys, 'root_token')
    assert.ok(
      first.output().includes(token) && first.output().includes(textAt(keys, 'unseal_key')),
      'both are shown once',
    )

    const cli = (...args: string[]) => spawnSync(link, args, { encoding: 'utf8', env: { ...env, VAULT_TOKEN: token } })
    assert.equal(cli('kv', 'put', 'secret/hello', 'target=world').status, 0)
    const got = cli('kv', 'get', '-format=json', 'secret/hello')
    assert.equal(at(JSON.parse(got.stdout), 'data', 'data', 'target'), 'world')
    assert.equal((await request(address, 'GET', '/v1/secret/data/hello', { token })).status, 200)
    await first.stop()

    const second = await start(link, folder, port)
    assert.ok(!second.output().includes(token), 'the token is not shown again')
    const again = await request(address, 'GET', '/v1/secret/data/hello', { token })
    assert.equal(at(again.json, 'data', 'data', 'target'), 'world')
    await second.stop()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

async function start(binary: string, cwd: string, port: number) {
  const child = spawn(binary, ['server', '-dev-persistent', `-dev-listen-address=127.0.0.1:${port}`], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  for (;;) {
    if (child.exitCode !== null) throw new Error(`it ended:\n${text}`)
    const health = await request(`http://127.0.0.1:${port}`, 'GET', '/v1/sys/health').catch(() => undefined)
    if (health?.status === 200 && text.includes('VAULT_ADDR')) break
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return {
    output: () => text,
    stop: () =>
      new Promise<void>((resolve) => {
        child.once('exit', () => resolve())
        child.kill('SIGTERM')
      }),
  }
}
