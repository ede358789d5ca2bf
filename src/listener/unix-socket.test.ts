import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { lstat, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { echo, RawClient, testListener } from '../../test/support/listener.ts'

const get = 'GET /v1/a HTTP/1.1\r\nHost: a\r\n\r\n'

async function withFolder(run: (path: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'coffer-unix-'))
  await run(join(dir, 'coffer.sock'))
  await rm(dir, { recursive: true })
}

async function ask(path: string, request = get): Promise<string> {
  const client = await RawClient.unix(path)
  await client.send(request)
  return client.finish()
}

test('a socket for its owner alone, gone at close', async () => {
  await withFolder(async (path) => {
    const before = process.umask()
    {
      await using server = await testListener(echo, { type: 'unix', address: path })
      assert.equal(server.listener.address(), path)
      assert.equal((await lstat(path)).mode & 0o777, 0o600)
      assert.match(await ask(path), /200 OK.*"remoteAddress":""/su)
      assert.match(await ask(path, get.replace('GET', 'LIST')), /"method":"LIST"/u)
    }
    await assert.rejects(lstat(path), { code: 'ENOENT' })
    assert.equal(process.umask(), before)
  })
})

test('mode and owner as configured', async () => {
  await withFolder(async (path) => {
    const uid = process.getuid?.() ?? 0
    const gid = process.getgid?.() ?? 0
    await using _server = await testListener(echo, {
      type: 'unix',
      address: path,
      unixSocket: { mode: 0o660, user: String(uid), group: String(gid) },
    })
    const found = await lstat(path)
    assert.deepEqual([found.mode & 0o777, found.uid, found.gid], [0o660, uid, gid])
    const config = {
      type: 'unix',
      address: `${path}2`,
      unixSocket: { mode: 0o600, user: 'nobody-of-this-name', group: undefined },
    } as const
    await assert.rejects(testListener(echo, config), { code: 'LISTENER_OWNER' })
    await assert.rejects(lstat(`${path}2`), { code: 'ENOENT' })
  })
})

test('a dead socket is replaced, a living one and other files are not', async () => {
  await withFolder(async (path) => {
    const leave = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
    try {
      execFileSync(process.execPath, ['-e', leave], { stdio: 'ignore' })
    } catch {
      // Killed, as it should be.
    }
    assert.ok((await lstat(path)).isSocket())
    await using _server = await testListener(echo, { type: 'unix', address: path })
    assert.match(await ask(path), /200 OK/u)
    await assert.rejects(testListener(echo, { type: 'unix', address: path }), { code: 'LISTENER_IN_USE' })
    assert.match(await ask(path), /200 OK/u)
    await writeFile(`${path}.txt`, 'precious')
    await assert.rejects(testListener(echo, { type: 'unix', address: `${path}.txt` }), {
      code: 'LISTENER_NOT_A_SOCKET',
    })
    assert.equal(await readFile(`${path}.txt`, 'utf8'), 'precious')
  })
})
