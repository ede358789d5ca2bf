/** What anybody can send who reaches the port: nothing of it may cost much, change anything or tell anything. */
import assert from 'node:assert/strict'
import { networkInterfaces, hostname } from 'node:os'
import { after, before, describe, test } from 'node:test'
import { accessorOf, createToken, residentMemory, series, tokenWith } from '../support/callers.ts'
import { request } from '../support/http.ts'
import { at, listAt, textAt } from '../support/json.ts'
import { RawClient, talk } from '../support/listener.ts'
import { startServer, type TestServer } from '../support/server.ts'

const MIB = 1 << 20

/** Served without a token. A path that joins them has to be put here. */
const OPEN = [
  'identity/oidc/.well-known/keys',
  'identity/oidc/.well-known/openid-configuration',
  'identity/oidc/provider/x/.well-known/keys',
  'identity/oidc/provider/x/.well-known/openid-configuration',
  'identity/oidc/provider/x/token',
  'sys/decode-token',
  'sys/health',
  'sys/init',
  'sys/internal/specs/openapi',
  'sys/internal/ui/feature-flags',
  'sys/internal/ui/mounts',
  'sys/leader',
  'sys/mfa/validate',
  'sys/seal-backend-status',
  'sys/seal-status',
  'sys/unseal',
]

describe('a stranger at the port', () => {
  let server: TestServer
  let port: number
  before(async () => {
    server = await startServer()
    port = Number(new URL(server.address).port)
    await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
    await server.call('POST', 'secret/data/app', { data: { a: 1 } })
  })
  after(() => server[Symbol.asyncDispose]())

  test(
    'gets 400 or 413 for bombs of JSON, while others are served and the memory stays',
    { skip: process.platform !== 'linux' && 'needs /proc' },
    async () => {
      const strings = `{${Array.from({ length: 2000 }, (_, i) => `"k${i}":"v"`).join(',')}}`
      const bombs = [
        `{"key":[${'{},'.repeat(11 * MIB)}{}]}`,
        `{"key":${'['.repeat(32 * MIB - 100)}`,
        `{"key":[${'[],'.repeat(10 * MIB)}[]]}`,
        `{"key":[${'"",'.repeat(10 * MIB)}""]}`,
        strings,
        `{${Array.from({ length: 100_000 }, (_, i) => `"${i}":0`).join(',')}}`,
      ].map((text) => Buffer.from(text))
      const before = residentMemory(server)
      let peak = before
      let served = 0
      let over = false
      const watch = (async () => {
        while (!over) {
          assert.equal((await server.call('GET', 'sys/health', undefined, { token: '' })).status, 200)
          served++
          peak = Math.max(peak, residentMemory(server))
        }
      })()
      for (const bytes of bombs) {
        const answer = await server.call('POST', 'sys/unseal', undefined, { token: '', bytes })
        assert.ok(
          answer.status === 400 || answer.status === 413,
          `${bytes.subarray(0, 20).toString()}: ${answer.status}`,
        )
      }
      over = true
      await watch
      assert.ok(served >= bombs.length, `only ${served} others were served meanwhile`)
      // The largest of the bombs is 33 MiB long and is held once as it comes in, in pieces, and once in one piece.
      assert.ok(peak - before < 192, `${before.toFixed()} MiB before, ${peak.toFixed()} MiB at most`)
    },
  )

  test('does not make the server parse a body where a token is needed', async () => {
    for (const token of ['', 'hvs.nobody']) {
      const answer = await server.call('POST', 'secret/data/app', undefined, { token, bytes: '{not json' })
      assert.equal(answer.status, 403, 'it is refused before its body is looked at')
    }
  })

  test(
    'cannot fill the memory with sixty bodies over the limit',
    { skip: process.platform !== 'linux' && 'needs /proc' },
    async () => {
      const before = residentMemory(server)
      let peak = before
      const piece = Buffer.alloc(MIB, 0x20)
      const send = async (i: number): Promise<number> => {
        const client = await RawClient.to(port)
        const path = i % 4 === 3 ? 'nothing/here' : 'sys/unseal'
        client.socket.write(`POST /v1/${path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`)
        // Where nobody asks for the body, a sender who pushes on past the reply may lose it to the reset: this one looks up in time.
        const most = i % 4 === 3 ? 2 : 33
        for (let sent = 0; sent < most && !client.closed && client.received === ''; sent++) {
          client.socket.write(`${MIB.toString(16)}\r\n`)
          client.socket.write(piece)
          if (!client.socket.write('\r\n'))
            await new Promise<void>((resolve) => {
              client.socket.once('drain', resolve)
              client.socket.once('close', () => resolve())
            })
          peak = Math.max(peak, residentMemory(server))
        }
        const status = /^HTTP\/1\.1 (\d+)/.exec(await client.until(/^HTTP\/1\.1 \d+/))?.[1]
        client.socket.destroy()
        return Number(status)
      }
      const statuses = await Promise.all(Array.from({ length: 60 }, (_, i) => send(i)))
      assert.deepEqual([...new Set(statuses.filter((_, i) => i % 4 !== 3))], [413])
      assert.deepEqual(
        [...new Set(statuses.filter((_, i) => i % 4 === 3))],
        [403],
        'a body nobody asked for is not read',
      )
      assert.ok(peak - before < 256, `${before.toFixed()} MiB before, ${peak.toFixed()} MiB at most`)
      assert.equal((await server.call('GET', 'sys/health')).status, 200)
    },
  )

  test('finds the documented doors open and no other', async () => {
    const document = await server.call('GET', 'sys/internal/specs/openapi')
    const paths = Object(at(document.json, 'paths'))
    const open = new Set<string>()
    let asked = 0
    for (const [template, item] of Object.entries(paths)) {
      const path = template.slice(1).replace(/\{[^}]+\}/g, 'x')
      for (const method of Object.keys(Object(item)).filter((name) =>
        ['get', 'post', 'patch', 'delete'].includes(name),
      )) {
        const { status, headers } = await request(
          server.address,
          method.toUpperCase(),
          `/v1/${path}`,
          method === 'get' || method === 'delete' ? {} : { body: {} },
        )
        asked++
        // Where bearer tokens of OAuth are taken, that is how it is said.
        const shut = status === 403 || (status === 401 && headers['www-authenticate']?.startsWith('Bearer ') === true)
        if (!shut) open.add(path)
      }
    }
    assert.ok(asked > 100, `only ${asked} operations were found`)
    assert.deepEqual([...open].toSorted(), OPEN)
  })

  test('cannot touch what replaces keys, by any verb', async () => {
    for (const path of [
      'sys/generate-root/attempt',
      'sys/generate-root/update',
      'sys/rekey/init',
      'sys/rekey/update',
      'sys/rekey/verify',
      'sys/rekey-recovery-key/init',
      'sys/rekey-recovery-key/update',
      'sys/rekey-recovery-key/verify',
      'sys/rekey/backup',
      'sys/generate-root-token/attempt',
      'sys/rotate/root',
      'sys/rotate/root/init',
      'sys/rotate/recovery/init',
      'sys/root-tokens',
      'sys/rotate',
      'sys/seal',
      'sys/step-down',
      'sys/raw/core/keyring',
    ]) {
      for (const method of ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'LIST']) {
        assert.equal(
          (await request(server.address, method, `/v1/${path}`, { body: {} })).status,
          403,
          `${method} ${path}`,
        )
      }
    }
    assert.equal(at((await server.call('GET', 'sys/seal-status')).json, 'sealed'), false)
  })

  test('learns no address, host, file or line from whatever is sent', async () => {
    const random = series(20_261_122)
    const secrets = [
      hostname(),
      ...Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map((one) => one.address)),
      server.folder,
      '/src/',
      'node_modules',
      'node:',
    ]
    const paths = [
      'sys/unseal',
      'sys/init',
      'sys/wrapping/lookup',
      'sys/wrapping/unwrap',
      'auth/token/create',
      'secret/data/app',
      'sys/internal/ui/mounts/x',
      'auth/userpass/login/x',
      '%zz',
      'a//b',
      '..',
      'x?list=maybe&help',
      'sys/seal-status?x=%00',
      'sys/health?standbycode=x',
    ]
    const bodies = [
      '',
      '{',
      '[]',
      'null',
      '{"key":{}}',
      '{"key":[1]}',
      '{"secret_shares":-1}',
      '{"token":1e309}',
      '\u0000',
      '{"a":"\ud800"}',
      '{"key":"zz"}',
      '{"pgp_keys":["x"]}',
    ]
    const pick = (list: readonly string[]) => list[Math.floor(random() * list.length)] ?? ''
    for (let i = 0; i < 1000; i++) {
      const method = pick(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'LIST', 'HEAD', 'OPTIONS', 'SCAN'])
      const headers =
        random() < 0.2
          ? { 'X-Vault-Wrap-TTL': pick(['x', '-1', '10', '1e9']) }
          : random() < 0.2
            ? { 'X-Vault-Namespace': pick(['a', '../', 'root']) }
            : {}
      const {
        status,
        text,
        headers: sent,
      } = await request(server.address, method, `/v1/${pick(paths)}`, {
        bytes: pick(bodies),
        headers,
        ...(random() < 0.3 ? { token: pick(['x', 'hvs.x', 'hvb.AAAA', 's.1']) } : {}),
      })
      const all = text + JSON.stringify(sent)
      assert.ok(status < 500, `${method}: ${status} ${text}`)
      for (const secret of secrets) assert.ok(!all.includes(secret), `${secret} in ${all}`)
      assert.doesNotMatch(text, /\bat \S+ \(|\.ts\b|Error:/)
    }
  })

  test('cannot name an operation that is not a verb of the API', async () => {
    const headers = [
      'X-HTTP-Method-Override',
      'X-Method-Override',
      'X-Vault-Operation',
      'X-Vault-Inline-Auth-Operation',
    ]
    const token = await tokenWith(server, 'path "secret/data/app" { capabilities = ["read"] }')
    for (const operation of ['renew', 'revoke', 'rollback', 'alias-lookahead', 'resolve-role', 'delete', 'DELETE']) {
      for (const header of headers) {
        assert.equal(
          (await server.call('GET', 'secret/data/app', undefined, { token, headers: { [header]: operation } })).status,
          200,
        )
        assert.equal(
          (
            await server.call(
              'POST',
              `secret/data/app?operation=${operation}`,
              { operation },
              { token, headers: { [header]: operation } },
            )
          ).status,
          403,
        )
      }
      const raw = await talk(
        port,
        `${operation.toUpperCase()} /v1/secret/data/other HTTP/1.1\r\nHost: x\r\nX-Vault-Token: ${token}\r\nConnection: close\r\n\r\n`,
      )
      assert.match(raw, /^HTTP\/1\.1 (400|403|405)/, operation)
    }
    assert.equal((await server.call('GET', 'secret/data/app')).status, 200)
  })

  test('makes no token by a creation that fails', async () => {
    const count = async () => listAt((await server.call('LIST', 'auth/token/accessors')).json, 'data', 'keys').length
    const limited = await tokenWith(server, 'path "auth/token/create*" { capabilities = ["create", "update"] }')
    const before = await count()
    const bodies = [
      { policies: ['root'] },
      { ttl: 'x' },
      { num_uses: -1 },
      { period: '1h' },
      { id: 'mine' },
      { no_parent: true },
      { type: 'x' },
      { policies: ['a/b'] },
      { entity_alias: 'x' },
    ]
    for (let i = 0; i < 100; i++) {
      const path = ['auth/token/create', 'auth/token/create/nope', 'auth/token/create-orphan'][i % 3] ?? ''
      const answer = await server.call(
        'POST',
        path,
        i % 3 === 2 ? { ttl: 'x', policies: 'root' } : bodies[i % bodies.length],
        { token: limited },
      )
      assert.equal(answer.status, 400, `${path} ${JSON.stringify(bodies[i % bodies.length])} ${answer.text}`)
      assert.equal(answer.text.includes('client_token'), false)
    }
    assert.equal(await count(), before)
  })
})

describe('headers', () => {
  let server: TestServer
  let port: number
  before(async () => {
    server = await startServer({ storage: 'inmem' })
    port = Number(new URL(server.address).port)
    await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
    await server.call('POST', 'secret/data/app', { data: { a: 1 } })
  })
  after(() => server[Symbol.asyncDispose]())

  const raw = (lines: readonly string[], body = '', verb = 'POST') =>
    talk(
      port,
      `${verb} /v1/secret/data/app HTTP/1.1\r\nHost: x\r\n${[...lines, `Content-Length: ${Buffer.byteLength(body)}`, 'Connection: close'].join('\r\n')}\r\n\r\n${body}`,
    )

  test('that decide and come twice are refused, the same value or another', async () => {
    const token = `X-Vault-Token: ${server.token}`
    for (const lines of [
      [token, token],
      [token, 'x-vault-token: other'],
      [`Authorization: Bearer ${server.token}`, `Authorization: Bearer ${server.token}`],
      [token, 'X-Vault-Namespace: root', 'X-Vault-Namespace: root'],
      [token, 'X-Vault-Wrap-TTL: 60', 'X-Vault-Wrap-TTL: 60'],
      [token, 'Host: y'],
    ]) {
      assert.match(await raw(lines, '', 'GET'), /^HTTP\/1\.1 400/, lines.join(' | '))
    }
  })

  test('of a namespace have one meaning: the root, or refused', async () => {
    for (const [name, status] of [
      ['root', 200],
      ['/', 200],
      ['', 200],
      ['/root/', 200],
      ['t', 404],
      ['t//u', 404],
      ['../', 404],
      ['ROOT', 404],
      ['root/root', 404],
      ['.', 404],
      ['%72oot', 404],
    ] as const) {
      const answer = await server.call('GET', 'secret/data/app', undefined, { headers: { 'X-Vault-Namespace': name } })
      if (status === 200) assert.equal(answer.status, 200, `"${name}"`)
      else
        assert.ok(
          answer.status === 400 || answer.status === 404 || answer.status === 403,
          `"${name}": ${answer.status}`,
        )
    }
  })

  test('of the content change nothing about how a body is checked', async () => {
    const token = `X-Vault-Token: ${server.token}`
    for (const type of [
      'application/json',
      ' application/json',
      'application/json\ta',
      'APPLICATION/JSON',
      'application/json; charset=utf-16',
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      '',
    ]) {
      const lines = type === '' ? [token] : [token, `Content-Type: ${type}`]
      assert.match(await raw(lines, '{"data":"text"}'), /^HTTP\/1\.1 400/, type)
      assert.match(await raw(lines, '{"data":'), /^HTTP\/1\.1 400/, type)
      assert.match(await raw(lines, '{"data":{"a":1}}'), /^HTTP\/1\.1 200/, type)
      assert.match(await raw(lines, `{"data":${'['.repeat(100)}`), /^HTTP\/1\.1 400/, type)
    }
    for (const type of ['application/json', 'application/merge-patch+jsonx', '']) {
      assert.match(
        await raw(type === '' ? [token] : [token, `Content-Type: ${type}`], '{"data":{"b":1}}', 'PATCH'),
        /^HTTP\/1\.1 415/,
        type,
      )
    }
  })

  test('larger than 16 KiB are refused, as are control characters in a value', async () => {
    assert.match(await raw([`X-Vault-Token: ${'t'.repeat(20_000)}`], '', 'GET'), /^HTTP\/1\.1 431/)
    assert.match(await raw(['X-Vault-Token: a\u0000b'], '', 'GET'), /^HTTP\/1\.1 400/)
    assert.match(
      await raw(['__proto__: x', 'constructor: y', `X-Vault-Token: ${server.token}`], '', 'GET'),
      /^HTTP\/1\.1 200/,
    )
  })

  test('of no name make the server stumble', async () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype']) {
      assert.match(
        await raw([`X-Vault-Token: ${server.token}`, `${name}: x`, `${name}: y`], '', 'GET'),
        /^HTTP\/1\.1 200/,
        name,
      )
    }
    assert.doesNotMatch(server.output, /exception reached the top|nobody noticed/)
  })

  test('of forwarding are not believed unless a listener was told to', async () => {
    const made = await server.call('POST', 'auth/token/create-orphan', {
      policies: ['default'],
      no_default_policy: true,
    })
    assert.equal(made.status, 200)
    await server.call('POST', 'auth/token/roles/bound', { token_bound_cidrs: ['10.0.0.0/8'], orphan: true })
    const bound = await createToken(server, { policies: ['default'] }, 'auth/token/create/bound')
    for (const name of ['X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'True-Client-IP']) {
      const value = name === 'Forwarded' ? 'for=10.1.1.1' : '10.1.1.1'
      assert.equal(
        (await server.call('GET', 'auth/token/lookup-self', undefined, { token: bound, headers: { [name]: value } }))
          .status,
        403,
        name,
      )
    }
  })

  test('of forwarding are believed from a proxy that was named, the last hop of all lines', async () => {
    await using behind = await startServer({
      storage: 'inmem',
      raw: true,
      listener: 'x_forwarded_for_authorized_addrs = "127.0.0.1/32"',
    })
    const operator = (path: string, body: object, token = '') =>
      behind.call('POST', path, body, { token, headers: { 'X-Forwarded-For': '10.9.9.9' } })
    const vault = await operator('sys/init', { secret_shares: 1, secret_threshold: 1 })
    const root = textAt(vault.json, 'root_token')
    assert.equal((await operator('sys/unseal', { key: listAt(vault.json, 'keys_base64')[0] })).status, 200)
    assert.equal(
      (await operator('auth/token/roles/bound', { token_bound_cidrs: ['10.0.0.0/8'], orphan: true }, root)).status,
      204,
    )
    const token = textAt(
      (await operator('auth/token/create/bound', { policies: ['default'] }, root)).json,
      'auth',
      'client_token',
    )
    const as = async (value: string | string[] | undefined, localAddress = '127.0.0.1') => {
      const headers = value === undefined ? {} : { 'X-Forwarded-For': value }
      return (await behind.call('GET', 'auth/token/lookup-self', undefined, { token, headers, localAddress })).status
    }
    assert.equal(await as('10.1.1.1'), 200)
    assert.equal(await as('10.1.1.1, 192.0.2.1'), 403)
    assert.equal(await as(['10.1.1.1', '192.0.2.1']), 403, 'two lines are one list')
    assert.equal(await as(['192.0.2.1', '10.1.1.1']), 200)
    assert.equal(await as('10.1.1.1, nonsense'), 400)
    assert.equal(await as('10.1.1.1', '127.0.0.2'), 400, 'another sender is refused')
    assert.equal(await as(undefined), 400, 'the header is missing')
  })

  test('of a token name it in one way at a time, and the accessor is no token', async () => {
    const token = await createToken(server)
    const accessor = await accessorOf(server, token)
    for (const [sent, status] of [
      [token, 200],
      [accessor, 403],
      [token.toUpperCase(), 403],
      [`${token}=`, 403],
      [token.slice(4), 403],
      [`s.${token.slice(4)}`, 403],
      [`${token},x`, 403],
    ] as const) {
      assert.equal(
        (await server.call('GET', 'auth/token/lookup-self', undefined, { token: sent })).status,
        status,
        sent,
      )
    }
  })
})
