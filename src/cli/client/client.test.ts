import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { DryRun } from '../failure.ts'
import type { Values } from '../flags/flag.ts'
import { httpFlags } from '../flags/global.ts'
import { parseFlags } from '../flags/parse.ts'
import type { Environment } from '../io.ts'
import { stringOf, textOf, tree } from '../tree.ts'
import { Client } from './client.ts'
import { ConnectionError, ResponseError } from './response-error.ts'
import { clientSettings } from './settings.ts'
import { httpTransport } from './transport.ts'

interface Seen {
  readonly line: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A server that answers as told and remembers what it was asked. */
async function serve(
  answer: (request: Seen, reply: ServerResponse, count: number) => void,
  listen: (server: Server) => Server = (server) => server.listen(0, '127.0.0.1'),
): Promise<AsyncDisposable & { address: string; seen: Seen[] }> {
  const seen: Seen[] = []
  const server = createServer((request, reply) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      seen.push({
        line: `${request.method} ${request.url}`,
        headers: request.headers,
        body: Buffer.concat(parts).toString(),
      })
      answer(seen[seen.length - 1] ?? assert.fail(), reply, seen.length)
    })
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  listen(server).once('listening', resolve)
  await promise
  const bound = server.address()
  return {
    address: typeof bound === 'string' ? `unix://${bound}` : `http://127.0.0.1:${bound?.port}`,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

function open(args: readonly string[], env: Environment = {}): AsyncDisposable & { client: Client; naps: number[] } {
  const parsed = parseFlags(httpFlags, args, (suffix) => env[`VAULT_${suffix}`])
  const values = Object.fromEntries(parsed.values) as Values<typeof httpFlags>
  const settings = clientSettings(values, env)
  const naps: number[] = []
  const sleep = async (milliseconds: number): Promise<void> => void naps.push(milliseconds)
  const client = new Client({ settings, transport: httpTransport(settings), token: 'tok', sleep })
  return { client, naps, [Symbol.asyncDispose]: async () => client.close() }
}

const ok = (body: string) => (_: Seen, reply: ServerResponse) => reply.end(body)

test('a request carries what the flags say', async () => {
  await using server = await serve(ok('{"data":{"a":"b"}}'))
  await using it = open([
    `-address=${server.address}`,
    '-ns=team/',
    '-wrap-ttl=90',
    '-mfa=a',
    '-mfa=b',
    '-header=X-My=1',
    '-policy-override',
  ])
  const secret = await it.client.write('secret/x y', { n: tree(1), m: undefined })
  assert.equal(stringOf(secret?.data?.get('a')), 'b')
  const [{ line, headers, body } = assert.fail()] = server.seen
  assert.equal(line, 'PUT /v1/secret/x%20y')
  assert.equal(body, '{"n":1}')
  const expected = {
    'x-vault-request': 'true',
    'x-vault-token': 'tok',
    'x-vault-namespace': 'team/',
    'x-vault-wrap-ttl': '1m30s',
    'x-vault-mfa': 'a,b',
    'x-vault-policy-override': 'true',
    'x-my': '1',
    'content-length': '7',
  }
  for (const [name, value] of Object.entries(expected)) assert.equal(headers[name], value, name)
})

test('a header that belongs to the client is refused', () => {
  assert.throws(() => open(['-header=X-Vault-Token=other']), /-header cannot set X-Vault-Token/)
  assert.throws(() => open(['-header=x-vault-wrap-ttl=1']), /cannot set/)
})

test('a token with control characters goes nowhere', async () => {
  await using server = await serve(ok('{}'))
  await using it = open([`-address=${server.address}`])
  await assert.rejects(it.client.withToken('a\nb').read('x'), /non-printable/)
  assert.equal(server.seen.length, 0)
})

test('LIST and PATCH in the form that every proxy passes', async () => {
  await using server = await serve(ok('{"data":{"keys":["a"]}}'))
  await using it = open([`-address=${server.address}`])
  await it.client.list('secret/metadata', [['limit', '1']])
  await it.client.patch('secret/data/a', { data: { a: null } })
  assert.deepEqual(
    server.seen.map(({ line }) => line),
    ['GET /v1/secret/metadata?limit=1&list=true', 'PATCH /v1/secret/data/a'],
  )
  assert.equal(server.seen[1]?.headers['content-type'], 'application/merge-patch+json')
})

test('an error of the server comes with its method, URL, status and reasons', async () => {
  await using server = await serve((_, reply) => reply.writeHead(403).end('{"errors":["permission denied","really"]}'))
  await using it = open([`-address=${server.address}`])
  await assert.rejects(it.client.read('secret/x'), (error) => {
    assert.ok(error instanceof ResponseError)
    assert.equal(
      error.message,
      `Error making API request.\n\nURL: GET ${server.address}/v1/secret/x\nCode: 403. Errors:\n\n* permission denied\n* really`,
    )
    return true
  })
})

test('an error that is not JSON is shown raw', async () => {
  await using server = await serve((_, reply) => reply.writeHead(502).end('<html>'))
  await using it = open([`-address=${server.address}`])
  await assert.rejects(it.client.read('x'), /Code: 502\. Raw Message:\n\n<html>$/)
})

test('what does not exist is undefined, unless its absence says something', async () => {
  await using server = await serve((request, reply) =>
    reply.writeHead(404).end(request.line.endsWith('gone') ? '{"data":{"metadata":{}}}' : '{"errors":[]}'),
  )
  await using it = open([`-address=${server.address}`])
  assert.equal(await it.client.read('nothing'), undefined)
  assert.ok((await it.client.read('gone'))?.data?.has('metadata'))
  await assert.rejects(it.client.write('nothing', {}), ResponseError)
})

test('a reply keeps its numbers', async () => {
  await using server = await serve(ok('{"data":{"n":[9007199254740993,1.0]}}'))
  await using it = open([`-address=${server.address}`])
  const n = (await it.client.read('x'))?.data?.get('n') ?? assert.fail()
  assert.equal(textOf(n), '[9007199254740993,1.0]')
})

test('one redirect is followed, with its body and token; a second is not', async () => {
  await using server = await serve((request, reply, count) => {
    if (request.line.endsWith('/there')) reply.end('{"data":{"ok":true}}')
    else reply.writeHead(307, { location: count === 1 ? '/v1/there' : '/v1/loop' }).end()
  })
  await using it = open([`-address=${server.address}`])
  assert.ok((await it.client.write('here', { a: 1 }))?.data?.has('ok'))
  assert.deepEqual(
    server.seen.map(({ line, body }) => `${line} ${body}`),
    ['PUT /v1/here {"a":1}', 'PUT /v1/there {"a":1}'],
  )
  assert.equal(server.seen[1]?.headers['x-vault-token'], 'tok')
  assert.equal(await it.client.read('loop'), undefined)
  assert.equal(server.seen.length, 4)
})

test('nothing is sent twice unless it was asked for', async () => {
  await using server = await serve((_, reply) => reply.writeHead(500).end('{"errors":["oops"]}'))
  await using once = open([`-address=${server.address}`])
  await assert.rejects(once.client.read('x'), /oops/)
  assert.equal(server.seen.length, 1)
})

test('with retries a 5xx and a 429 are tried again, after the wait that the server asks for; a 501 and a 400 are not', async () => {
  const answers: [number, string?][] = [[500], [429, '7'], [200], [501], [400], [503], [503], [503]]
  await using server = await serve((_, reply, count) => {
    const [status = 0, after] = answers[count - 1] ?? []
    reply.writeHead(status, after === undefined ? {} : { 'retry-after': after }).end('{"errors":["no"]}')
  })
  await using it = open([`-address=${server.address}`], { VAULT_MAX_RETRIES: '2' })
  await it.client.read('x')
  assert.equal(it.naps.length, 2)
  assert.ok((it.naps[0] ?? 0) >= 1000 && (it.naps[0] ?? 0) <= 1500)
  assert.equal(it.naps[1], 7000)
  await assert.rejects(it.client.read('x'), /Code: 501/)
  await assert.rejects(it.client.read('x'), /Code: 400/)
  await assert.rejects(it.client.read('x'), /Code: 503/)
  assert.equal(server.seen.length, 8)
})

test('a unix socket is an address like another', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-cli-'))
  try {
    await using server = await serve(ok('{"data":{"ok":true}}'), (each) => each.listen(join(folder, 's')))
    await using it = open([`-address=${server.address}`])
    assert.ok((await it.client.read('x'))?.data?.has('ok'))
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('where nothing listens the error says what to do', async () => {
  const { address } = await (async () => {
    await using server = await serve(ok(''))
    return { address: server.address }
  })()
  await using it = open([`-address=${address}`])
  await assert.rejects(it.client.read('x'), (error) => {
    assert.ok(error instanceof ConnectionError)
    assert.equal(error.code, 'ECONNREFUSED')
    assert.match(error.message, /nothing listens at 127\.0\.0\.1:\d+\n\nIs the server running\?[^]*VAULT_ADDR/)
    return true
  })
})

test('https to a server without TLS is recognised', async () => {
  await using server = await serve(ok(''))
  await using it = open([`-address=${server.address.replace('http:', 'https:')}`])
  await assert.rejects(it.client.read('x'), /server gave HTTP response to HTTPS client/)
})

test('a proxy gets what its variable sends there', async () => {
  await using proxy = await serve(ok('{"data":{"via":"proxy"}}'))
  await using it = open(['-address=http://coffer.invalid:8200'], { VAULT_PROXY_ADDR: proxy.address })
  assert.equal(stringOf((await it.client.read('x'))?.data?.get('via')), 'proxy')
  assert.equal(proxy.seen[0]?.line, 'GET http://coffer.invalid:8200/v1/x')
})

test('the machine itself is not asked through the proxy of the system', async () => {
  await using server = await serve(ok('{"data":{"via":"direct"}}'))
  await using it = open([`-address=${server.address}`], { HTTP_PROXY: 'http://127.0.0.1:9' })
  assert.equal(stringOf((await it.client.read('x'))?.data?.get('via')), 'direct')
})

test('a request can be described instead of sent, without the token', async () => {
  await using it = open(['-address=https://coffer.example', '-output-curl-string', '-ca-cert=my ca.pem'])
  await assert.rejects(it.client.write('secret/a', { q: `it's "$HOME"` }), (error) => {
    assert.ok(error instanceof DryRun)
    assert.equal(
      error.text,
      `curl -X PUT --cacert 'my ca.pem' -H "X-Vault-Request: true" -H "X-Vault-Token: $(coffer print token)" ` +
        `-d '{"q":"it'"'"'s \\"$HOME\\""}' "https://coffer.example/v1/secret/a"`,
    )
    return true
  })
})

test('the policy that a request needs', async () => {
  await using it = open(['-output-policy'])
  const policyOf = async (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => assert.fail(),
      (error: unknown) => (error instanceof DryRun ? error.text : assert.fail(String(error))),
    )
  assert.equal(await policyOf(it.client.read('secret/data/a')), 'path "secret/data/a" {\n  capabilities = ["read"]\n}')
  assert.match(await policyOf(it.client.list('auth/token/accessors')), /\["list", "sudo"\]/)
  assert.match(await policyOf(it.client.write('sys/leases/lookup', {})), /\["create", "update"\]/)
  assert.match(await policyOf(it.client.patch('secret/data/a', {})), /\["patch"\]/)
})

test('settings that make no sense are refused before anything is sent', () => {
  assert.throws(() => open([], { VAULT_MAX_RETRIES: 'many' }), /VAULT_MAX_RETRIES takes a whole number/)
  assert.throws(() => open([], { VAULT_CLIENT_TIMEOUT: 'soon' }), /VAULT_CLIENT_TIMEOUT: it takes a duration/)
})
