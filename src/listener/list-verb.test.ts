/** LIST and SCAN must do exactly what GET does with the same bytes around them: in every trick known for smuggling requests. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { echo, echoBody, json, RawClient, talk, testListener, testTls, turns } from '../../test/support/listener.ts'

const host = 'Host: a\r\n'
const verbs = ['LIST', 'SCAN'] as const

/** The conversation's outcome: statuses, bodies and whether it was cut, with the verb as `VERB`. */
function outcome(raw: string, verb: string): string {
  return raw.replaceAll(/Date: .*\r\n/gu, '').replaceAll(`"method":"${verb.padEnd(4)}"`, '"method":"VERB"')
}

/** Each `@` stands for the verb; `|` for the end of a packet. */
const conversations: readonly (readonly [string, string])[] = [
  ['plain', `@ /v1/a HTTP/1.1\r\n${host}\r\n`],
  ['no Host', '@ /v1/a HTTP/1.1\r\n\r\n'],
  ['two Hosts', `@ /v1/a HTTP/1.1\r\n${host}${host}\r\n`],
  ['HTTP/1.0', '@ /v1/a HTTP/1.0\r\n\r\n'],
  ['empty lines before', `\r\n\r\n@ /v1/a HTTP/1.1\r\n${host}\r\n`],
  ['body by length', `@ /v1/a HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhello`],
  ['body by chunks', `@ /v1/a HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`],
  [
    'length and chunks',
    `@ /v1/a HTTP/1.1\r\n${host}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/x HTTP/1.1\r\n${host}\r\n`,
  ],
  ['chunks and length', `@ /v1/a HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nX`],
  ['two lengths', `@ /v1/a HTTP/1.1\r\n${host}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`],
  ['length with sign', `@ /v1/a HTTP/1.1\r\n${host}Content-Length: +5\r\n\r\nhello`],
  ['length in hex', `@ /v1/a HTTP/1.1\r\n${host}Content-Length: 0x5\r\n\r\nhello`],
  ['obfuscated chunked', `@ /v1/a HTTP/1.1\r\n${host}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ['chunked twice', `@ /v1/a HTTP/1.1\r\n${host}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`],
  ['chunked, identity', `@ /v1/a HTTP/1.1\r\n${host}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
  ['space before the colon', `@ /v1/a HTTP/1.1\r\n${host}Content-Length : 5\r\n\r\nhello`],
  ['bare LF', `@ /v1/a HTTP/1.1\n${host}\r\n`],
  ['bare LF between headers', `@ /v1/a HTTP/1.1\r\n${host.trim()}\nX: y\r\n\r\n`],
  ['bare CR in a header', `@ /v1/a HTTP/1.1\r\n${host}X: a\rb\r\n\r\n`],
  ['folded header', `@ /v1/a HTTP/1.1\r\n${host}X: a\r\n b\r\n\r\n`],
  ['folded Transfer-Encoding', `@ /v1/a HTTP/1.1\r\n${host}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`],
  ['NUL in a header', `@ /v1/a HTTP/1.1\r\n${host}X: a\0b\r\n\r\n`],
  ['chunk size too long', `@ /v1/a HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n`],
  ['chunk without its end', `@ /v1/a HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n`],
  [
    'chunk extension with bare LF',
    `@ /v1/a HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5;a\nb\r\nhello\r\n0\r\n\r\n`,
  ],
  [
    'trailer',
    `@ /v1/a HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n@ /v1/b HTTP/1.1\r\n${host}\r\n`,
  ],
  ['two spaces', `@  /v1/a HTTP/1.1\r\n${host}\r\n`],
  ['tab after the verb', `@\t/v1/a HTTP/1.1\r\n${host}\r\n`],
  ['no target', `@ HTTP/1.1\r\n${host}\r\n`],
  ['absolute target', `@ http://b/v1/a HTTP/1.1\r\n${host}\r\n`],
  ['version unknown', `@ /v1/a HTTP/9.1\r\n${host}\r\n`],
  ['version missing', `@ /v1/a\r\n${host}\r\n`],
  ['lower case', `${'@'}x /v1/a HTTP/1.1\r\n${host}\r\n`],
  [
    'pipelined',
    `@ /v1/a HTTP/1.1\r\n${host}\r\n@ /v1/b HTTP/1.1\r\n${host}\r\nPUT /v1/c HTTP/1.1\r\n${host}\r\n@ /v1/d HTTP/1.1\r\n${host}\r\n`,
  ],
  [
    'pipelined after a body',
    `POST /v1/a HTTP/1.1\r\n${host}Content-Length: 4\r\n\r\n@@ /v1/b HTTP/1.1\r\n${host}\r\n`.replace('@@', 'body@'),
  ],
  [
    'pipelined after chunks',
    `POST /v1/a HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n@ /v1/b HTTP/1.1\r\n${host}\r\n`,
  ],
  [
    'pipelined after Connection: close',
    `@ /v1/a HTTP/1.1\r\n${host}Connection: close\r\n\r\n@ /v1/b HTTP/1.1\r\n${host}\r\n`,
  ],
  ['pipelined before no HTTP', `@ /v1/a HTTP/1.1\r\n${host}\r\n@ /v1/b HTTP/1.1\r\n${host}\r\n???\r\n\r\n`],
  [
    'verb in a body',
    `POST /v1/a HTTP/1.1\r\n${host}Content-Length: 34\r\n\r\nLIST /v1/x HTTP/1.1\r\nHost: evil\r\n\r\n@ /v1/b HTTP/1.1\r\n${host}\r\n`,
  ],
  [
    'verb in a chunk',
    `POST /v1/a HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n9\r\nLIST / SC\r\n0\r\n\r\n@ /v1/b HTTP/1.1\r\n${host}\r\n`,
  ],
  ['verb in a header', `@ /v1/a HTTP/1.1\r\n${host}X: LIST / HTTP/1.1\r\n\r\n`],
  ['verb in the target', `@ /v1/LIST%20/SCAN HTTP/1.1\r\n${host}\r\n`],
  [
    'upgrade',
    `@ /v1/a HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n@ /v1/b HTTP/1.1\r\n${host}\r\n`,
  ],
  ['HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n@ / HTTP/1.1\r\n\r\n'],
  ['expectation', `@ /v1/a HTTP/1.1\r\n${host}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n|hello`],
  ['unknown expectation', `@ /v1/a HTTP/1.1\r\n${host}Expect: a-pony\r\n\r\n@ /v1/b HTTP/1.1\r\n${host}\r\n`],
  ['head in two packets', `@ /v1/a HT|TP/1.1\r\n${host}\r|\n@ /v1/b HTTP/1.1\r\n|${host}\r\n`],
  ['packet ends with the verb', `@| /v1/a HTTP/1.1\r\n${host}\r\n`],
  ['CRLF, then the verb', `\r|\n@ /v1/a HTTP/1.1\r\n${host}\r\n`],
  ['headers too large', `@ /v1/a HTTP/1.1\r\n${host}X: ${'x'.repeat(17_000)}\r\n\r\n`],
  ['target too long', `@ /v1/${'a'.repeat(8200)} HTTP/1.1\r\n${host}\r\n`],
]

for (const verb of verbs) {
  describe(`${verb} has the outcome of GET`, async () => {
    for (const [name, template] of conversations) {
      test(name, async () => {
        await using server = await testListener(echoBody)
        const say = async (word: string): Promise<string> => {
          const parts = template.replaceAll('@', word).split('|')
          return outcome(await talk(server.port, ...parts), word)
        }
        assert.equal(await say(verb), await say('GET'))
      })
    }
  })
}

test('the replies are what they should be, for a start', async () => {
  await using server = await testListener(echoBody)
  const raw = await talk(
    server.port,
    `LIST /v1/a?x=1 HTTP/1.1\r\n${host}Content-Length: 2\r\n\r\nhiSCAN /v1/b HTTP/1.1\r\n${host}\r\n`,
  )
  const bodies = [...raw.matchAll(/\{.*\}/gu)].map(([body]) => body)
  assert.deepEqual(bodies, [
    '{"method":"LIST","target":"/v1/a?x=1","body":"hi"}',
    '{"method":"SCAN","target":"/v1/b","body":""}',
  ])
})

/** Every way to cut text into one, two or three packets. */
function* cuts(text: string): Generator<readonly string[]> {
  for (let i = 0; i <= text.length; i++) {
    for (let j = i; j <= text.length; j++)
      yield [text.slice(0, i), text.slice(i, j), text.slice(j)].filter((part) => part !== '')
  }
}

test('the verb may be cut anywhere', async () => {
  await using server = await testListener(echo)
  for (const verb of verbs) {
    for (const parts of cuts(`${verb} `)) {
      const raw = await talk(server.port, ...parts.slice(0, -1), `${parts.at(-1)}/v1/a HTTP/1.1\r\n${host}\r\n`)
      assert.match(raw, new RegExp(`^HTTP/1.1 200 .*"method":"${verb}"`, 'su'), parts.join('|'))
    }
  }
})

test('the verb may be cut after a pipelined request and on a kept connection', async () => {
  await using server = await testListener(echo)
  const get = `GET /v1/g HTTP/1.1\r\n${host}\r\n`
  const post = `POST /v1/p HTTP/1.1\r\n${host}Content-Length: 3\r\n\r\nabc`
  for (const verb of verbs) {
    for (const before of [get, post]) {
      const client = await RawClient.to(server.port)
      for (let cut = 1; cut < 5; cut++) {
        const whole = `${verb} /v1/${cut} HTTP/1.1\r\n${host}\r\n`
        await client.send(`${before}${whole.slice(0, cut)}`, whole.slice(cut))
        await client.send(whole.slice(0, cut), whole.slice(cut))
      }
      const raw = await client.finish()
      const seen = [...raw.matchAll(/"method":"(\w+)","target":"([^"]+)"/gu)].map(
        ([, method, target]) => `${method} ${target}`,
      )
      const first = before === get ? 'GET /v1/g' : 'POST /v1/p'
      const want = [1, 2, 3, 4].flatMap((cut) => [first, `${verb} /v1/${cut}`, `${verb} /v1/${cut}`])
      assert.deepEqual(seen, want)
    }
  }
})

test('longer words that end in a verb are no verbs', async () => {
  await using server = await testListener(echo)
  const words = [
    'UNLIST',
    'XLIST',
    'POSCAN',
    'UNSCAN',
    'M-SCAN',
    'GESCAN',
    'LISTS',
    'LISTLIST',
    'SCANS',
    'list',
    'LISt',
    'LIS',
    'LI',
    'SCA',
    'LISX',
    'OPTIONSCAN',
    'PAUSCAN',
    'FLUSCAN',
    'DESCAN',
    'UNSUBSCAN',
    'PRISCAN',
  ]
  for (const word of words) {
    for (const parts of cuts(word)) {
      const raw = await talk(server.port, ...parts.slice(0, -1), `${parts.at(-1)} /v1/a HTTP/1.1\r\n${host}\r\n`)
      assert.match(raw, /^HTTP\/1.1 400 [^{]*\{"errors":\["malformed HTTP request"\]\}\n$/su, parts.join('|'))
    }
  }
})

test('a body that ends in what could begin a method leaves no doubt open', async () => {
  await using server = await testListener(echo)
  const post = `POST /v1/p HTTP/1.1\r\n${host}Content-Length: 2\r\n\r\nUN`
  const list = `LIST /v1/a HTTP/1.1\r\n${host}\r\n`
  assert.match(await talk(server.port, post, list), /"POST".*"method":"LIST"/su)
  const together = await talk(server.port, post + list)
  assert.doesNotMatch(together, /LIST/u)
})

test('LINK stays LINK', async () => {
  await using server = await testListener(echo)
  const link = `LINK /v1/l HTTP/1.1\r\n${host}\r\n`
  const list = `LIST /v1/a HTTP/1.1\r\n${host}\r\n`
  const raw = await talk(server.port, link + list + link + link + list, link)
  const seen = [...raw.matchAll(/"method":"(\w+)"/gu)].map(([, method]) => method)
  assert.deepEqual(seen, ['LINK', 'LIST', 'LINK', 'LINK', 'LIST', 'LINK'])
  // One that is refused leaves nothing behind for the next on its connection.
  const refused = `LIST /v1/${'a'.repeat(9000)} HTTP/1.1\r\n${host}\r\n`
  const after = await talk(server.port, refused + link)
  assert.deepEqual(
    [...after.matchAll(/"method":"(\w+)"/gu)].map(([, method]) => method),
    ['LINK'],
  )
})

test('a body full of LIST passes untouched, in any packets', async () => {
  await using server = await testListener(async (request) => {
    const body = Buffer.from(await request.readBody()).toString('latin1')
    return json(200, { length: body.length, untouched: body === text })
  })
  const text = '\r\n\r\nLIST / HTTP/1.1\r\nHost: a\r\n\r\nSCAN / '.repeat(26_000)
  assert.ok(text.length > 1_000_000)
  const client = await RawClient.to(server.port)
  await client.send(`POST /v1/a HTTP/1.1\r\n${host}Content-Length: ${text.length}\r\n\r\n${text}`)
  assert.match(await client.until(/untouched/u), new RegExp(`"length":${text.length},"untouched":true`, 'u'))
  await client.send(`LIST /v1/a HTTP/1.1\r\n${host}\r\n`)
  assert.match(await client.finish(), /"length":0/u)
})

test('thousands of pipelined LIST in one packet', async () => {
  await using server = await testListener(echo)
  const client = await RawClient.to(server.port)
  await client.send(`LIST /v1/a HTTP/1.1\r\n${host}\r\n`.repeat(3000) + `LIST /v1/last HTTP/1.1\r\n${host}\r\n`)
  const raw = await client.until(/last/u)
  assert.equal(raw.match(/"method":"LIST"/gu)?.length, 3001)
  await client.finish()
})

test('replies to pipelined requests keep their order when the first one is slow', async () => {
  let release: () => void = () => {}
  const slow = new Promise<void>((resolve) => {
    release = resolve
  })
  await using server = await testListener(async (request) => {
    if (request.target === '/v1/slow') await slow
    return json(200, { target: request.target })
  })
  const client = await RawClient.to(server.port)
  await client.send(`GET /v1/slow HTTP/1.1\r\n${host}\r\nLIST /v1/fast HTTP/1.1\r\n${host}\r\n`)
  assert.equal(client.received, '')
  release()
  assert.match(await client.until(/fast/u), /slow.*fast/su)
  await client.finish()
})

test('over TLS', async () => {
  await using server = await testListener(echo, { tls: testTls })
  const client = await RawClient.tls(server.port)
  const list = `LIST /v1/a HTTP/1.1\r\n${host}\r\n`
  await client.send(
    list + list,
    'LI',
    `ST /v1/b HTTP/1.1\r\n${host}\r\n`,
    `GET /v1/c HTTP/1.1\r\n${host}\r\n`,
    `SCAN /v1/d HTTP/1.1\r\n${host}\r\n`,
  )
  const seen = [...(await client.until(/v1\/d/u)).matchAll(/"method":"(\w+)"/gu)].map(([, method]) => method)
  assert.deepEqual(seen, ['LIST', 'LIST', 'LIST', 'GET', 'SCAN'])
  await client.finish()
})

test('connections with LIST are counted and closed like others', async () => {
  const server = await testListener(echo)
  const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.to(server.port)))
  for (const client of clients) await client.send(`LIST /v1/a HTTP/1.1\r\n${host}\r\n`, 'LIS')
  await server.listener.close(0)
  await turns()
  for (const client of clients) {
    assert.equal(client.received.match(/"LIST"/gu)?.length, 1)
    await client.finish()
  }
})
