/** Devices that send their lines elsewhere, with receivers of every kind at the other end. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createWebServer, type IncomingHttpHeaders, type Server as WebServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { TLSSocket } from 'node:tls'
import { testAuthority } from '../../../test/support/authority.ts'
import { systemClock } from '../../lib/clock.ts'
import { event, request } from '../testdata/events.ts'
import { Harness } from '../testdata/harness.ts'

const folder = mkdtempSync(join(tmpdir(), 'remote-'))
after(() => rmSync(folder, { recursive: true }))

async function until(what: string, done: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    if (done()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`never: ${what}`)
}

const realTime = () => new Harness({}, systemClock)

/** Keeps what it is sent. */
class Receiver implements AsyncDisposable {
  readonly server: Server
  readonly sockets = new Set<Socket>()
  text = ''
  connections = 0

  constructor(options: { readonly deaf?: boolean } = {}) {
    this.server = createServer((socket) => {
      this.connections++
      this.sockets.add(socket)
      socket.on('error', () => {})
      if (options.deaf !== true) socket.on('data', (bytes) => (this.text += bytes.toString()))
    })
  }

  async listen(at: number | string = 0): Promise<string> {
    this.server.listen(at)
    await once(this.server, 'listening')
    return typeof at === 'string' ? at : `127.0.0.1:${portOf(this.server)}`
  }

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1)
  }

  hangUp(): void {
    for (const socket of this.sockets) socket.destroy()
    this.sockets.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.hangUp()
    this.server.close()
    if (this.server.listening) await once(this.server, 'close')
  }
}

function portOf(server: Server | WebServer): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('it does not listen')
  return (address satisfies AddressInfo).port
}

for (const kind of ['tcp', 'unix'] as const) {
  test(`socket, ${kind}: whole lines, over a connection that is made again when it broke`, async () => {
    await using receiver = new Receiver()
    const address = await receiver.listen(kind === 'unix' ? join(folder, 'stream') : 0)
    await using server = realTime()
    await server.enable('s', { address, socket_type: kind }, 'socket')
    await Promise.all(
      Array.from({ length: 50 }, (_, i) => server.broker.request(event({ request: request({ id: `r${i}` }) }))),
    )
    await until('all lines', () => receiver.lines.length === 51)
    const before = receiver.connections
    receiver.hangUp()
    await until('the end is noticed', () => receiver.sockets.size === 0)
    for (let i = 0; i < 5; i++) await server.broker.request(event({ request: request({ id: `again${i}` }) }))
    await until('the last line', () => receiver.text.includes('"again4"'))
    assert.ok(receiver.connections > before)
    for (const line of receiver.lines) assert.equal(typeof JSON.parse(line), 'object')
  })
}

test('socket: a receiver that is away when the device is enabled refuses it, and one that comes back is used at once', async () => {
  await using server = realTime()
  const gone = new Receiver()
  const address = await gone.listen()
  await gone[Symbol.asyncDispose]()
  await assert.rejects(server.enable('s', { address }, 'socket'), { status: 400 })
  await server.enable('s', { address, skip_test: 'true' }, 'socket')
  await assert.rejects(server.broker.request(event()), { code: 'AUDIT_FAILED' })
  await using receiver = new Receiver()
  await receiver.listen(Number(address.split(':')[1]))
  await server.broker.request(event())
  await until('the line', () => receiver.lines.length === 1)
})

test('socket: a receiver that stops reading costs one time-out; beside another device it costs nothing', async () => {
  await using receiver = new Receiver({ deaf: true })
  const address = await receiver.listen()
  await using server = realTime()
  await server.enable('deaf', { address, write_timeout: '300ms', skip_test: 'true' }, 'socket')
  receiver.sockets.forEach((socket) => socket.pause())
  const long = event({ request: request({ path: 'x'.repeat(8 << 20) }) })
  const start = performance.now()
  await assert.rejects(
    (async () => {
      for (let i = 0; i < 20; i++) await server.broker.request(long)
    })(),
    { code: 'AUDIT_FAILED' },
  )
  assert.ok(performance.now() - start < 5000)
  const again = performance.now()
  await assert.rejects(server.broker.request(event()), { code: 'AUDIT_FAILED' })
  assert.ok(performance.now() - again < 200, 'it does not wait a second time')
  await server.enable('good', { file_path: server.path('good') })
  for (let i = 0; i < 20; i++) await server.broker.request(event())
  assert.equal(server.lines('good').length, 21)
})

test('socket, udp: a datagram a line; what does not fit fails alone', async () => {
  const socket = createSocket('udp4')
  const got: string[] = []
  socket.on('message', (bytes) => got.push(bytes.toString()))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  await using server = realTime()
  await server.enable('u', { address: `127.0.0.1:${socket.address().port}`, socket_type: 'udp' }, 'socket')
  const tooLong = event({ request: request({ path: 'x'.repeat(70_000) }) })
  const outcomes = await Promise.allSettled([
    server.broker.request(event()),
    server.broker.request(tooLong),
    server.broker.request(event()),
  ])
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  await until('three datagrams', () => got.length === 3)
  for (const one of got) assert.equal(typeof JSON.parse(one), 'object')
  socket.close()
})

const hasSocat = spawnSync('socat', ['-V']).error === undefined

test(
  'socket, unixgram, and syslog: datagrams to a unix socket',
  { skip: hasSocat ? false : 'needs socat: apt-get install socat' },
  async () => {
    const path = join(folder, 'log')
    let text = ''
    const reader = spawn('socat', ['-u', `UNIX-RECV:${path}`, 'STDOUT'], { stdio: ['ignore', 'pipe', 'inherit'] })
    reader.stdout.on('data', (bytes: Buffer) => (text += bytes.toString()))
    await until('the socket', () => existsSync(path))
    try {
      await using server = realTime()
      await server.enable('g', { address: path, socket_type: 'unixgram' }, 'socket')
      await server.disable('g')
      await server.enable('s', { address: `unix://${path}`, facility: 'local3', tag: 'coffer' }, 'syslog')
      await server.broker.request(event())
      await until('the messages', () => text.split('sys/audit/test').length === 3 && text.endsWith('}'))
      // Facility 19, severity 6; no host name on the way to the local service.
      assert.match(
        text,
        new RegExp(`<158>[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d coffer\\[${process.pid}\\]: \\{"time"`),
      )
    } finally {
      reader.kill()
      await once(reader, 'exit')
    }
  },
)

test('syslog over UDP and TCP: RFC 5424, or 3164; over TCP with the length in front', async () => {
  const socket = createSocket('udp4')
  const got: string[] = []
  socket.on('message', (bytes) => got.push(bytes.toString()))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  await using receiver = new Receiver()
  const address = await receiver.listen()
  await using server = realTime()
  await server.enable('u', { address: `udp://127.0.0.1:${socket.address().port}`, rfc: '3164' }, 'syslog')
  await server.enable('t', { address: `tcp://${address}`, tag: 'x' }, 'syslog')
  await server.broker.request(event())
  await until(
    'both',
    () => got.length === 2 && receiver.text.split('{"time"').length === 3 && receiver.text.endsWith('}'),
  )
  assert.match(got[1] ?? '', /^<38>[A-Z][a-z]{2} [ \d]\d [\d:]{8} \S+ vault\[\d+\]: \{/)
  let rest = receiver.text
  for (let i = 0; i < 2; i++) {
    const [head = '', length = ''] = /^(\d+) /.exec(rest) ?? []
    const message = rest.slice(head.length, head.length + Number(length))
    assert.match(message, /^<38>1 \d{4}-\d\d-\d\dT[\d:.]+Z \S+ x \d+ - - \{.*\}$/)
    rest = rest.slice(head.length + message.length)
  }
  assert.equal(rest, '')
  socket.close()
})

const refused: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['socket', {}],
  ['socket', { address: 'nowhere' }],
  ['socket', { address: '127.0.0.1:0' }],
  ['socket', { address: '127.0.0.1:99999' }],
  ['socket', { address: '127.0.0.1:1', socket_type: 'ip' }],
  ['socket', { address: '127.0.0.1:1', write_timeout: 'soon' }],
  ['socket', { address: '127.0.0.1:1', write_timeout: '1h' }],
  ['socket', { address: '169.254.169.254:80' }],
  ['socket', { address: '169.254.169.254:80', socket_type: 'udp' }],
  ['socket', { address: '/nowhere/at/all', socket_type: 'unix' }],
  ['socket', { address: '/nowhere/at/all', socket_type: 'unixgram' }],
  ['syslog', { facility: 'nope', address: 'udp://127.0.0.1:1' }],
  ['syslog', { tag: 'a b', address: 'udp://127.0.0.1:1' }],
  ['syslog', { rfc: '1', address: 'udp://127.0.0.1:1' }],
  ['syslog', { address: 'http://127.0.0.1:1' }],
  ['syslog', { address: 'unix:///nowhere/at/all' }],
  ['http', {}],
  ['http', { uri: 'ftp://x' }],
  ['http', { uri: 'http://user:pw@127.0.0.1:1' }],
  ['http', { uri: 'http://169.254.169.254/x' }],
  ['http', { uri: 'http://2852039166/x' }],
  ['http', { uri: 'http://[fe80::1]/x' }],
  ['http', { uri: 'http://127.0.0.1:1', headers: 'x' }],
  ['http', { uri: 'http://127.0.0.1:1', headers: '{"a b":["x"]}' }],
  ['http', { uri: 'http://127.0.0.1:1', headers: '{"a":["x\\r\\ny"]}' }],
  ['http', { uri: 'http://127.0.0.1:1', headers: '{"host":["x"]}' }],
  // Only the configuration may name what the server is to read.
  ['http', { uri: 'http://127.0.0.1:1', headers: '{"a":["env://PATH"]}' }],
  ['http', { uri: 'file:///etc/passwd' }],
  ['http', { uri: 'http://127.0.0.1:1', batch_entries: '0' }],
]
for (const [type, options] of refused) {
  test(`refused: ${type} with ${JSON.stringify(options)}`, async () => {
    await using server = realTime()
    await assert.rejects(server.enable('r', options, type), { status: 400 })
  })
}

/** A collector of posted lines. */
class Collector implements AsyncDisposable {
  readonly server: WebServer
  readonly posts: string[] = []
  headers: IncomingHttpHeaders = {}
  /** What the next posts are answered with; 200 after that. */
  answers: number[] = []
  hold: Promise<void> | undefined

  constructor() {
    this.server = createWebServer((request, response) => {
      let text = ''
      request.on('data', (bytes: Buffer) => (text += bytes.toString()))
      request.on(
        'end',
        () =>
          void this.#answer(request.headers, text, (status) => {
            response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {})
            response.end('{}')
          }),
      )
    })
  }

  async listen(): Promise<string> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    return `http://127.0.0.1:${portOf(this.server)}/audit`
  }

  async #answer(headers: IncomingHttpHeaders, text: string, answer: (status: number) => void): Promise<void> {
    const status = this.answers.shift() ?? 200
    this.headers = headers
    if (status === 200) this.posts.push(text)
    await this.hold
    answer(status)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.close()
    this.server.closeAllConnections()
    await once(this.server, 'close')
  }
}

test('http: lines are posted together, with headers, one post at a time', async () => {
  await using collector = new Collector()
  const uri = await collector.listen()
  await using server = realTime()
  await server.enable('h', { uri, headers: '{"Authorization":["Bearer s3cret"],"X-A":"b"}' }, 'http')
  assert.equal(collector.headers['authorization'], 'Bearer s3cret')
  assert.equal(collector.headers['x-a'], 'b')
  assert.equal(collector.headers['content-type'], 'application/x-ndjson')
  assert.ok(!JSON.stringify([...(server.table.list()[0]?.options ?? [])]).includes('s3cret'), 'no reply shows them')
  const held = Promise.withResolvers<void>()
  collector.hold = held.promise
  const sent = Array.from({ length: 200 }, (_, i) =>
    server.broker.request(event({ request: request({ id: `r${i}` }) })),
  )
  await until('the first post', () => collector.posts.length === 2)
  held.resolve()
  await Promise.all(sent)
  const lines = collector.posts.slice(1).join('').split('\n').slice(0, -1)
  assert.deepEqual(
    lines.map((line) => /"id":"(r\d+)"/.exec(line)?.[1]),
    Array.from({ length: 200 }, (_, i) => `r${i}`),
  )
  assert.ok(collector.posts.length < 20, `${collector.posts.length} posts`)
})

test('http: batch_entries=1 posts each entry by itself', async () => {
  await using collector = new Collector()
  const uri = await collector.listen()
  await using server = realTime()
  await server.enable('h', { uri, batch_entries: '1' }, 'http')
  await Promise.all(Array.from({ length: 20 }, () => server.broker.request(event())))
  assert.equal(collector.posts.length, 21)
  for (const post of collector.posts) assert.equal(typeof JSON.parse(post), 'object')
})

test('http: what may pass is tried again, what was refused is not, and nothing is redirected', async () => {
  await using collector = new Collector()
  const uri = await collector.listen()
  await using server = realTime()
  await server.enable('h', { uri, write_timeout: '2s' }, 'http')
  collector.answers = [503, 429, 500]
  await server.broker.request(event())
  assert.equal(collector.posts.length, 2)
  for (const status of [400, 403, 302]) {
    collector.answers = [status]
    await assert.rejects(server.broker.request(event()), { code: 'AUDIT_FAILED' })
  }
  assert.equal(collector.posts.length, 2)
  assert.ok(server.log.some((line) => line.includes('answered with status 400')))
  await server.broker.request(event())
  collector.answers = Array.from({ length: 100 }, () => 503)
  const start = performance.now()
  await assert.rejects(server.broker.request(event()), { code: 'AUDIT_FAILED' })
  assert.ok(performance.now() - start < 4000)
})

test('an entry goes where its filter says, and where none does to the fallback', async () => {
  await using server = realTime()
  await server.enable('kv', { file_path: server.path('kv'), filter: 'path matches "^kv/"', skip_test: 'true' })
  await server.enable('sys', { file_path: server.path('sys'), filter: 'path matches "^sys/"', skip_test: 'true' })
  const ask = (path: string) => server.broker.request(event({ request: request({ path }) }))
  await ask('kv/a')
  await ask('sys/b')
  // Nobody wants it, and it is answered: that is what the filters say.
  await ask('other/c')
  assert.deepEqual([server.lines('kv').length, server.lines('sys').length], [1, 1])
  await server.enable('rest', { file_path: server.path('rest'), fallback: 'true', skip_test: 'true' })
  await ask('other/c')
  await ask('kv/a')
  assert.deepEqual([server.lines('kv').length, server.lines('rest').length], [2, 1])
  await assert.rejects(server.enable('more', { file_path: 'discard', fallback: 'true' }), {
    code: 'AUDIT_FALLBACK_TAKEN',
  })
  await assert.rejects(server.enable('more', { file_path: 'discard', fallback: 'true', filter: 'path == x' }), {
    code: 'AUDIT_FALLBACK_FILTERED',
    message: 'cannot configure a fallback device with a filter',
  })
  const total = (name: string) =>
    server.metrics
      .report()
      .find((one) => one.name === name)
      ?.series.reduce((sum, one) => sum + one.value, 0)
  assert.equal(total('vault.audit.fallback.miss'), 1)
  assert.equal(total('vault.audit.fallback.success'), 1)
  const count = server.metrics.report().find((one) => one.name === 'vault.audit.kv.log_request')?.series[0]?.count
  assert.equal(count, 2)
})

test('an entry that none of its devices takes goes to the fallback, and fails where there is none', async () => {
  await using receiver = new Receiver()
  const address = await receiver.listen()
  await using server = realTime()
  await server.enable('far', { address, filter: 'path matches "^kv/"' }, 'socket')
  await receiver[Symbol.asyncDispose]()
  const ask = () => server.broker.request(event({ request: request({ path: 'kv/a' }) }))
  await until('it is gone', () => receiver.sockets.size === 0)
  await assert.rejects(
    (async () => {
      for (let i = 0; i < 3; i++) await ask()
    })(),
    { code: 'AUDIT_FAILED' },
  )
  await server.enable('rest', { file_path: server.path('rest'), fallback: 'true', skip_test: 'true' })
  await ask()
  assert.equal(server.lines('rest').length, 1)
})

test('http over TLS: the collector is known by its authority, and this server by its certificate', async () => {
  const ca = await testAuthority()
  const [server, client] = [await ca.issue('collector'), await ca.issue('coffer')]
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    return join(folder, name)
  }
  const names: unknown[] = []
  const collector = createTlsServer(
    { ...server, ca: ca.cert, requestCert: true, rejectUnauthorized: true },
    (got, answer) => {
      if (got.socket instanceof TLSSocket) names.push(got.socket.getPeerCertificate().subject.CN)
      got.resume()
      got.on('end', () => answer.end())
    },
  )
  collector.listen(0, '127.0.0.1')
  await once(collector, 'listening')
  const uri = `https://127.0.0.1:${portOf(collector)}/`
  const tls_cert_file = file('client.pem', client.cert)
  const tls_key_file = file('client.key', client.key)
  const tls_ca_file = file('ca.pem', ca.cert)
  await using audit = realTime()
  const short = { uri, write_timeout: '500ms' }
  await assert.rejects(audit.enable('a', short, 'http'), { status: 400 }, 'an authority that nobody knows')
  await assert.rejects(
    audit.enable('b', { ...short, tls_ca_file }, 'http'),
    { status: 400 },
    'no certificate of its own',
  )
  await audit.enable('c', { uri, tls_ca_file, tls_cert_file, tls_key_file }, 'http')
  await audit.broker.request(event())
  assert.deepEqual(names, ['coffer', 'coffer'])
  collector.close()
  collector.closeAllConnections()
})

test('http: the configuration may name a variable or a file in place of a token', async () => {
  await using collector = new Collector()
  const uri = await collector.listen()
  writeFileSync(join(folder, 'token'), 's3cret-of-a-file\n', { mode: 0o600 })
  const headers = JSON.stringify({ 'X-File': [`file://${join(folder, 'token')}`] })
  await using server = realTime()
  const options = new Map([
    ['uri', uri],
    ['headers', headers],
  ])
  await server.store.write((view) =>
    server.table.declare(view, [{ path: 'h', type: 'http', description: '', local: false, options }]),
  )
  await server.load()
  await server.broker.request(event())
  assert.equal(collector.headers['x-file'], 's3cret-of-a-file')
})

test('a device of the configuration whose receiver is away does not keep the server from starting', async () => {
  await using server = realTime()
  const options = new Map([['address', '127.0.0.1:1']])
  await server.store.write((view) =>
    server.table.declare(view, [{ path: 's', type: 'socket', description: '', local: false, options }]),
  )
  await server.load()
  assert.ok(server.log.some((line) => line.includes('takes no entries yet')))
  await assert.rejects(server.broker.request(event()), { code: 'AUDIT_FAILED' })
})
