/** KV: each endpoint is a right of its own, secrets come back as they were, and no request leaves half of one. */
import assert from 'node:assert/strict'
import http from 'node:http'
import { after, before, describe, test } from 'node:test'
import { series, tokenWith, until } from '../support/callers.ts'
import { request } from '../support/http.ts'
import { at, listAt } from '../support/json.ts'
import { startServer, type TestServer } from '../support/server.ts'

const MERGE = { 'Content-Type': 'application/merge-patch+json' }

/** What can be asked of a versioned secret: name of the right, verb, endpoint, and what goes with it. */
const REQUESTS: readonly (readonly [string, string, string, object | undefined])[] = [
  ['data read', 'GET', 'data', undefined],
  ['data update', 'POST', 'data', { data: { hidden: 'new' } }],
  ['data patch', 'PATCH', 'data', { data: { more: 1 } }],
  ['data delete', 'DELETE', 'data', undefined],
  ['metadata read', 'GET', 'metadata', undefined],
  ['metadata update', 'POST', 'metadata', { max_versions: 5 }],
  ['metadata patch', 'PATCH', 'metadata', { max_versions: 6 }],
  ['metadata list', 'LIST', 'metadata', undefined],
  ['detailed-metadata list', 'LIST', 'detailed-metadata', undefined],
  ['delete update', 'POST', 'delete', { versions: [1] }],
  ['undelete update', 'POST', 'undelete', { versions: [1] }],
  ['destroy update', 'POST', 'destroy', { versions: [1] }],
  ['subkeys read', 'GET', 'subkeys', undefined],
  ['metadata delete', 'DELETE', 'metadata', undefined],
]

describe('a versioned secret', () => {
  let server: TestServer
  before(async () => {
    server = await startServer({ audit: true, config: 'raw_storage_endpoint = true' })
    await server.call('POST', 'sys/mounts/kv', { type: 'kv', options: { version: '2' } })
    await server.call('POST', 'sys/mounts/old', { type: 'kv' })
  })
  after(() => server[Symbol.asyncDispose]())

  for (const [right] of REQUESTS) {
    test(`is open to whoever has ${right} for that and nothing else`, async () => {
      const [endpoint = '', capability = ''] = right.split(' ')
      const token = await tokenWith(
        server,
        `path "kv/${endpoint}/box/*" { capabilities = ["${capability}"] }\npath "kv/${endpoint}/box" { capabilities = ["${capability}"] }`,
      )
      for (const [other, method, path, body] of REQUESTS) {
        await server.call('POST', 'kv/data/box/s', { data: { hidden: 'canary', inner: { deep: 'canary' } } })
        const target = method === 'LIST' ? `kv/${path}/box` : `kv/${path}/box/s`
        const { status, text } = await server.call(method, target, body, {
          token,
          headers: method === 'PATCH' ? MERGE : {},
        })
        if (other !== right) assert.equal(status, 403, `${other} with ${right}: ${status} ${text}`)
        else assert.ok(status === 200 || status === 204, `${right}: ${status} ${text}`)
        if (text.includes('canary')) assert.equal(right, 'data read', `${other} shows the data`)
      }
    })
  }

  test('shows no value through its subkeys, at any depth, nor through a patch', async () => {
    await server.call('POST', 'kv/data/sub', {
      data: { a: 'canary', b: { c: 'canary', d: ['canary'], e: { f: 'canary' } }, g: null, __proto__x: 'canary' },
    })
    for (const depth of ['', '?depth=0', '?depth=1', '?depth=2', '?depth=99', '?version=1'])
      assert.ok(!(await server.call('GET', `kv/subkeys/sub${depth}`)).text.includes('canary'), depth)
    const patched = await server.call('PATCH', 'kv/data/sub', { data: { g: 1 } }, { headers: MERGE })
    assert.equal(patched.status, 200)
    assert.ok(!patched.text.includes('canary'))
  })

  test('takes names that every object of the language has, and they change nothing else', async () => {
    const data =
      '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}},"prototype":1,"toString":2,"hasOwnProperty":3,"valueOf":null,"a":1}'
    for (const [path, body, answer] of [
      ['kv/data/proto', `{"data":${data}}`, `"data":${data}`],
      ['old/proto', data, `"data":${data}`],
      ['cubbyhole/proto', data, `"data":${data}`],
    ] as const) {
      assert.ok((await server.call('POST', path, undefined, { bytes: body })).status < 300, path)
      assert.ok((await server.call('GET', path)).text.includes(answer), path)
    }
    await server.call('PATCH', 'kv/data/proto', undefined, {
      bytes: '{"data":{"__proto__":{"admin":false,"more":1},"constructor":null,"b":{"__proto__":2}}}',
      headers: MERGE,
    })
    const patched = (await server.call('GET', 'kv/data/proto')).text
    for (const piece of ['"__proto__":{"admin":false,"more":1}', '"b":{"__proto__":2}', '"toString":2'])
      assert.ok(patched.includes(piece), patched)
    assert.ok(!patched.includes('"constructor"'))
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const custom = await server.call('POST', `kv/metadata/${name}`, undefined, {
        bytes: `{"custom_metadata":{"${name}":"x"}}`,
      })
      assert.equal(custom.status, 204, custom.text)
      assert.equal(at((await server.call('GET', `kv/metadata/${name}`)).json, 'data', 'custom_metadata', name), 'x')
    }
    const wrapped = await server.call('POST', 'sys/wrapping/wrap', undefined, {
      bytes: data,
      headers: { 'X-Vault-Wrap-TTL': '60' },
    })
    assert.ok(
      (
        await server.call('POST', 'sys/wrapping/unwrap', { token: at(wrapped.json, 'wrap_info', 'token') })
      ).text.includes(`"data":${data}`),
    )
  })

  test('keeps every number’s digits through writing, patching, wrapping and listing; a parameter beyond 2^53 is refused', async () => {
    const numbers =
      '{"a":9007199254740993,"b":1.0,"c":12345678901234567890,"d":0.1,"e":1e400,"f":-0,"g":1E5,"h":0.10000000000000000000001}'
    for (const [path, body] of [
      ['kv/data/n', `{"data":${numbers}}`],
      ['old/n', numbers],
      ['cubbyhole/n', numbers],
    ] as const) {
      await server.call('POST', path, undefined, { bytes: body })
      assert.ok((await server.call('GET', path)).text.includes(`"data":${numbers}`), path)
    }
    await server.call('PATCH', 'kv/data/n', undefined, { bytes: '{"data":{"i":2.50,"b":null}}', headers: MERGE })
    const patched = (await server.call('GET', 'kv/data/n')).text
    assert.ok(patched.includes(numbers.replace('"b":1.0,', '').replace('}', ',"i":2.50}')), patched)
    const wrapped = await server.call('GET', 'kv/data/n', undefined, { headers: { 'X-Vault-Wrap-TTL': '60' } })
    assert.ok(
      (
        await server.call('POST', 'sys/wrapping/unwrap', { token: at(wrapped.json, 'wrap_info', 'token') })
      ).text.includes('"a":9007199254740993'),
    )
    for (const [path, body] of [
      ['kv/metadata/n', '{"max_versions":9007199254740993}'],
      ['kv/data/n', '{"data":{},"options":{"cas":9007199254740993}}'],
      ['kv/delete/n', '{"versions":[9007199254740993]}'],
      ['kv/config', '{"max_versions":1e400}'],
      ['auth/token/create', '{"num_uses":9007199254740993}'],
    ] as const) {
      assert.equal((await server.call('POST', path, undefined, { bytes: body })).status, 400, `${path} ${body}`)
    }
  })

  test('refuses what is too deep, too large, not UTF-8 or an ill-chosen number, and nothing is stored of it', async () => {
    const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
    assert.equal(
      (await server.call('POST', 'kv/data/limits', undefined, { bytes: `{"data":${nested(60)}}` })).status,
      200,
    )
    await server.call('DELETE', 'kv/metadata/limits')
    const bodies: readonly (string | Buffer)[] = [
      `{"data":${nested(65)}}`,
      `{"data":{"a":${'['.repeat(65)}${']'.repeat(65)}}}`,
      Buffer.concat([Buffer.from('{"data":{"a":"'), Buffer.from([0xff]), Buffer.from('"}}')]),
      Buffer.concat([Buffer.from('{"data":{"a":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}}')]),
      '{"data":{"a":01}}',
      '{"data":{"a":0x10}}',
      '{"data":{"a":NaN}}',
      '{"data":{a:1}}',
      "{'data':{}}",
      '{"data":{"a":1,}}',
      '{"data":{}}{"data":{}}',
      '{"data":{"a":"\n"}}',
      '{"data":{},"options":{"cas":"1e3"}}',
      '{"data":{},"options":{"cas":"0x1"}}',
      '{"data":{},"options":{"cas":"१"}}',
      '{"data":{},"options":{"cas":1.5}}',
    ]
    for (const bytes of bodies)
      assert.equal(
        (await server.call('POST', 'kv/data/limits', undefined, { bytes })).status,
        400,
        bytes.toString('latin1').slice(0, 50),
      )
    assert.equal((await server.call('GET', 'kv/metadata/limits')).status, 404)
  })

  test('is whole whenever a client went away in the middle of its request', async () => {
    const random = series(7)
    const sockets = new Set<http.ClientRequest>()
    const ask = (i: number) =>
      new Promise<void>((resolve) => {
        const kinds = [
          'POST data',
          'DELETE metadata',
          'POST destroy',
          'POST undelete',
          'PATCH data',
          'POST delete',
        ] as const
        const [method = '', endpoint = ''] = (kinds[i % kinds.length] ?? '').split(' ')
        const body =
          endpoint === 'data'
            ? JSON.stringify({ data: { i, again: i, pad: 'x'.repeat(i % 500) } })
            : method === 'DELETE'
              ? ''
              : '{"versions":[1,2,3]}'
        const sent = http.request(new URL(server.address), {
          method,
          path: `/v1/kv/${endpoint}/abort/k${i % 20}`,
          headers: {
            'X-Vault-Token': server.token,
            ...(method === 'PATCH' ? MERGE : {}),
            ...(body === '' ? {} : { 'Content-Length': Buffer.byteLength(body) }),
          },
        })
        sockets.add(sent)
        sent.on('response', (response) => response.resume())
        sent.on('error', () => {})
        sent.on('close', () => resolve())
        sent.end(random() < 0.5 ? body : body.slice(0, Math.floor(body.length * random())))
        // Some at once, some after the server may have begun, some never.
        const turns = Math.floor(random() * 40)
        const leave = (left: number): void => void (left === 0 ? sent.destroy() : setImmediate(() => leave(left - 1)))
        leave(turns)
      })
    for (let i = 0; i < 2000; i += 50) await Promise.all(Array.from({ length: 50 }, (_, j) => ask(i + j)))
    // What was under way ends by itself; on a busy machine some of it has not even been read yet.
    let quiet = 0
    await until('quiet', async () => {
      const others = Object.keys(Object((await server.call('GET', 'sys/in-flight-req')).json)).length - 1
      quiet = others === 0 ? quiet + 1 : 0
      return quiet === 50 ? true : undefined
    })
    for (let k = 0; k < 20; k++) {
      const metadata = await server.call('GET', `kv/metadata/abort/k${k}`)
      if (metadata.status === 404) {
        assert.equal((await server.call('GET', `kv/data/abort/k${k}`)).status, 404)
        continue
      }
      assert.equal(metadata.status, 200, metadata.text)
      const versions = Object.keys(Object(at(metadata.json, 'data', 'versions'))).map(Number)
      assert.deepEqual(
        versions,
        Array.from({ length: versions.length }, (_, i) => (versions[0] ?? 1) + i),
        'no gap',
      )
      for (const version of versions) {
        const { status, json } = await server.call('GET', `kv/data/abort/k${k}?version=${version}`)
        assert.ok(status === 200 || status === 404, `${status}`)
        if (status === 200) assert.equal(at(json, 'data', 'data', 'again'), at(json, 'data', 'data', 'i'))
      }
      assert.equal((await server.call('DELETE', `kv/metadata/abort/k${k}`)).status, 204)
    }
    const uuid = String(at((await server.call('GET', 'sys/mounts')).json, 'data', 'kv/', 'uuid'))
    const left = await below(`logical/${uuid}/`)
    assert.deepEqual(
      left.filter((key) => key.includes('abort')),
      [],
      'nothing is left of them',
    )
  })

  test('has pages that hold while others write, and a long list that is whole', async () => {
    const COUNT = 3000
    for (let i = 0; i < COUNT; i += 100)
      await Promise.all(
        Array.from({ length: 100 }, (_, j) =>
          server.call('POST', `old/long/k${String(i + j).padStart(5, '0')}`, { a: 1 }),
        ),
      )
    const seen: string[] = []
    let writing = true
    const others = (async () => {
      for (let i = 0; writing; i++) {
        await server.call('POST', `old/long/k${String(i % COUNT).padStart(5, '0')}`, { a: i })
        await server.call('POST', `old/long/later${i}`, { a: i })
      }
    })()
    for (let after = ''; ;) {
      const page = await server.call('LIST', `old/long/?limit=250&after=${after}`)
      if (page.status === 404) break
      const keys = listAt(page.json, 'data', 'keys').map(String)
      seen.push(...keys.filter((key) => key.startsWith('k')))
      after = keys.at(-1) ?? ''
      if (keys.length < 250) break
    }
    writing = false
    await others
    assert.equal(seen.length, COUNT)
    assert.deepEqual(seen, [...new Set(seen)].toSorted())
    const whole = listAt((await server.call('LIST', 'old/long/')).json, 'data', 'keys')
    assert.equal(whole.filter((key) => String(key).startsWith('k')).length, COUNT)
  })

  async function below(folder: string): Promise<string[]> {
    const answer = await request(server.address, 'LIST', `/v1/sys/raw/${folder}`, { token: server.token })
    if (answer.status !== 200) return []
    const out: string[] = []
    for (const name of listAt(answer.json, 'data', 'keys').map(String))
      out.push(...(name.endsWith('/') ? await below(folder + name) : [folder + name]))
    return out
  }
})
