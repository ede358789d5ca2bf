/** `coffer events subscribe` as a process. */
import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { after, before, suite, test } from 'node:test'
import { tokenWith } from '../support/callers.ts'
import { coffer, startServer, type TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'

interface Running {
  readonly child: ChildProcess
  out: string
  err: string
  readonly code: Promise<number | null>
}

suite('coffer events subscribe', () => {
  let server: TestServer
  before(async () => {
    server = await startServer({ tls: true })
    await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
  })
  after(() => server[Symbol.asyncDispose]())

  const env = (token = server.token) => ({
    ...process.env,
    VAULT_ADDR: server.address,
    VAULT_CACERT: server.caFile,
    VAULT_TOKEN: token,
    HOME: '/nonexistent',
  })

  function start(args: readonly string[], token?: string): Running {
    const child = spawn(coffer, ['events', 'subscribe', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: env(token),
    })
    const running: Running = {
      child,
      out: '',
      err: '',
      code: new Promise((resolve) => child.once('close', resolve)),
    }
    child.stdout.on('data', (chunk: Buffer) => (running.out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (running.err += chunk.toString()))
    return running
  }

  /** Writes until it is told of: from then on it is subscribed. */
  async function firstLine(running: Running): Promise<string> {
    await until(async () => {
      await server.call('POST', 'secret/data/cli', { data: { password: 'hush-hush' } })
      return running.out.includes('\n')
    })
    return running.out.split('\n')[0] ?? ''
  }

  test('prints a line for each event, and ends cleanly on Ctrl-C', async () => {
    const running = start(['-filter=data_path == secret/data/cli', 'kv-v2/data-*'])
    const event: unknown = JSON.parse(await firstLine(running))
    assert.ok(typeof event === 'object' && event !== null && 'specversion' in event)
    running.child.kill('SIGINT')
    assert.equal(await running.code, 0)
    assert.equal(running.err, '')
    assert.ok(!running.out.includes('hush'))
  })

  test('shows the time in front, or other formats', async () => {
    const stamped = start(['-timestamps', '*'])
    assert.match(await firstLine(stamped), /^\d{4}-\d\d-\d\dT[\d:.]+Z \{"id":/)
    stamped.child.kill('SIGTERM')
    assert.equal(await stamped.code, 0)
    const yaml = start(['-format=yaml', '*'])
    assert.match(await firstLine(yaml), /^data:$/)
    yaml.child.kill('SIGINT')
    assert.equal(await yaml.code, 0)
  })

  test('ends after the time it was given, and when nobody reads any more', async () => {
    const timed = start(['-timeout=1s', '*'])
    assert.equal(await timed.code, 0)
    const unread = start(['*'])
    await firstLine(unread)
    unread.child.stdout?.destroy()
    await until(async () => {
      await server.call('POST', 'secret/data/cli', { data: {} })
      return unread.child.exitCode !== null
    })
    assert.equal(await unread.code, 0)
  })

  test('says why it ended where the server ended it', async () => {
    const policy = `path "sys/events/subscribe/*" { capabilities = ["read"] }
      path "secret/*" { capabilities = ["subscribe"]\n subscribe_event_types = ["*"] }`
    const token = await tokenWith(server, policy)
    const running = start(['kv*'], token)
    await firstLine(running)
    await server.call('POST', 'auth/token/revoke', { token })
    assert.equal(await running.code, 2)
    assert.match(running.err, /The server ended the subscription: permission denied/)
  })

  test('says what is wrong', () => {
    const run = (args: readonly string[], token?: string) =>
      spawnSync(coffer, ['events', 'subscribe', ...args], { encoding: 'utf8', env: env(token) })
    assert.equal(run([]).status, 1)
    const denied = run(['*'], 'hvs.none')
    assert.equal(denied.status, 2)
    assert.match(denied.stderr, /permission denied/)
    assert.match(run(['-filter=nonsense', '*']).stderr, /invalid filter/)
    const help = run(['-h'])
    assert.equal(help.status, 0)
    assert.match(help.stdout, /-filter[\s\S]*-namespaces[\s\S]*-timestamps/)
    assert.match(run(['-output-curl-string', 'kv*']).stdout, /curl .*sys\/events\/subscribe\/kv%2A/)
    const nowhere = spawnSync(coffer, ['events', 'subscribe', '-address=http://127.0.0.1:9', '*'], { encoding: 'utf8' })
    assert.match(nowhere.stderr, /nothing listens at 127\.0\.0\.1:9/)
  })
})
