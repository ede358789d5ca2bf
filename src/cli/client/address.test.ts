import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress, queryText, urlPath } from './address.ts'

test('addresses of all three schemes', () => {
  const plain = parseAddress('http://127.0.0.1:8200')
  assert.deepEqual(
    [plain.secure, plain.hostname, plain.port, plain.origin],
    [false, '127.0.0.1', 8200, 'http://127.0.0.1:8200'],
  )
  const secure = parseAddress('https://[::1]/coffer/')
  assert.deepEqual([secure.secure, secure.hostname, secure.port], [true, '::1', 443])
  assert.equal(urlPath(secure, 'sys/health'), '/coffer/v1/sys/health')
  const socket = parseAddress('unix:///run/coffer.sock')
  assert.deepEqual([socket.socketPath, socket.origin], ['/run/coffer.sock', 'http://localhost'])
})

test('an address that is none is refused with what it should be', () => {
  for (const text of ['', '127.0.0.1:8200', 'localhost:8200', 'ftp://x', 'http://', 'unix://']) {
    assert.throws(() => parseAddress(text), /https:\/\/host:port|unix:\/\/\/path/, text)
  }
})

test('paths are cleaned and encoded as Go does it', () => {
  const address = parseAddress('http://localhost:1')
  const cases: [string, string][] = [
    ['secret/data/a b', '/v1/secret/data/a%20b'],
    ['secret//a/./b/', '/v1/secret/a/b'],
    ['a?b#c%d', '/v1/a%3Fb%23c%25d'],
    ['a$&+,/:;=@b', '/v1/a$&+,/:;=@b'],
    ["a!'()*b", '/v1/a%21%27%28%29%2Ab'],
    ['é', '/v1/%C3%A9'],
    ['../../x', '/x'],
  ]
  for (const [path, expected] of cases) assert.equal(urlPath(address, path), expected)
})

test('parameters are sorted by name, and repeated ones keep their order', () => {
  assert.equal(queryText([]), '')
  assert.equal(
    queryText([
      ['list', 'true'],
      ['after', 'b c'],
      ['list', 'x&y'],
    ]),
    '?after=b+c&list=true&list=x%26y',
  )
})
