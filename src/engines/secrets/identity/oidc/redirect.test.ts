import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redirectAllowed } from './redirect.ts'

const registered = [
  'https://app.example/cb',
  'http://127.0.0.1:9000/cb?x=1',
  'http://localhost/cb',
  'myapp://cb',
  'http://[::1]:1/',
]

test('a redirect goes to a registered place, byte for byte', () => {
  for (const uri of registered) assert.equal(redirectAllowed(uri, registered), true, uri)
  for (const uri of [
    '',
    'https://app.example/cb/',
    'https://app.example/cb?',
    'https://app.example/cb#',
    'https://app.example/cb?next=https://evil.example',
    'https://APP.example/cb',
    'HTTPS://app.example/cb',
    'https://app.example:443/cb',
    'http://app.example/cb',
    'https://app.example/%63b',
    'https://app.example/x/../cb',
    'https://app.example.evil.example/cb',
    'https://app.example@evil.example/cb',
    'https://evil.example/https://app.example/cb',
    'https://app.example\\@evil.example/cb',
    ' https://app.example/cb',
    'https://app.example/cb\n',
    'myapp://CB',
    'javascript:alert(1)',
  ])
    assert.equal(redirectAllowed(uri, registered), false, uri)
})

test('at the loopback any port will do, and nothing else may differ', () => {
  for (const uri of [
    'http://127.0.0.1/cb?x=1',
    'http://127.0.0.1:1/cb?x=1',
    'http://127.0.0.1:65535/cb?x=1',
    'http://localhost:8080/cb',
    'http://[::1]:5000/',
  ])
    assert.equal(redirectAllowed(uri, registered), true, uri)
  for (const uri of [
    'http://127.0.0.1:9000/cb',
    'http://127.0.0.1:9000/cb?x=2',
    'https://127.0.0.1:9000/cb?x=1',
    'http://127.0.0.2:9000/cb?x=1',
    'http://localhost:9000/cb?x=1',
    'http://127.0.0.1:9000@evil.example/cb?x=1',
    'http://127.0.0.1.evil.example/cb?x=1',
    'http://localhost:8080@evil.example/cb',
    'http://localhost:8080\\@evil.example/cb',
    'http://localhost.:8080/cb',
    'http://user@localhost:8080/cb',
    'http://localhost:/cb',
    'http://localhost:+80/cb',
    'http://localhost:8080/cb#x',
    'http://localhost:8080/c b',
    'http://2130706433/cb?x=1',
  ])
    assert.equal(redirectAllowed(uri, registered), false, uri)
})
