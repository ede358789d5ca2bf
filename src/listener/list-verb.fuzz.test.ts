import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { echoBody, talk, testListener } from '../../test/support/listener.ts'

/** What a request is made of, and what those who smuggle put in between. `@` is the verb. */
const piece = fc.constantFrom(
  '@ /v1/a HTTP/1.1\r\n',
  'POST /v1/b HTTP/1.1\r\n',
  'Host: a\r\n',
  '\r\n',
  '\n',
  '\r',
  ' ',
  'Content-Length: 3\r\n',
  'Content-Length: 0\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Connection: close\r\n',
  'abc',
  '3\r\nabc\r\n',
  '0\r\n\r\n',
  '@',
  '@ ',
  'UN',
  'LI',
  'LIST / HTTP/1.1\r\n',
  '\0',
)
const whole = fc.constantFrom(
  '@ /v1/a HTTP/1.1\r\nHost: a\r\n\r\n',
  'PUT /v1/b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc',
  '@ /v1/c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
)
const stream = fc
  .tuple(fc.array(fc.oneof(whole, piece), { minLength: 1, maxLength: 8 }), fc.array(fc.nat(), { maxLength: 3 }))
  .map(([parts, cuts]) => ({ text: parts.join(''), cuts }))

function cut(text: string, cuts: readonly number[]): string[] {
  const places = [0, ...cuts.map((at) => at % (text.length + 1)), text.length].toSorted((a, b) => a - b)
  return places.slice(1).flatMap((end, i) => (end > (places[i] ?? 0) ? [text.slice(places[i], end)] : []))
}

/** The requests that were understood, in order. When bytes are found to be no HTTP depends on the letters of the verb. */
function understood(raw: string): readonly string[] {
  return [...raw.matchAll(/\{"method":.*?\}/gu)].map(([body]) =>
    body.replace(/"method":"(?:LIST|COPY)"/u, '"method":"@"'),
  )
}

test('any bytes, in any packets, get from LIST what they get from a verb the parser knows', async () => {
  await using server = await testListener(echoBody)
  await fc.assert(
    fc.asyncProperty(stream, async ({ text, cuts }) => {
      // COPY: of the same length, and no method ends in it or begins with it.
      const [list, copy] = [text.replaceAll('@', 'LIST'), text.replaceAll('@', 'COPY')]
      const answers = [await talk(server.port, ...cut(list, cuts)), await talk(server.port, ...cut(copy, cuts))]
      assert.deepEqual(understood(answers[0] ?? ''), understood(answers[1] ?? ''))
    }),
    { numRuns: 300 },
  )
})
