import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressBound, normalCidr } from './cidr.ts'

test('blocks as Vault prints them, nothing else', () => {
  const table: readonly (readonly [string, string | undefined])[] = [
    ['127.0.0.1/32', '127.0.0.1'],
    [' 10.0.0.1 ', '10.0.0.1'],
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::1/128', '::1'],
    ['fd00::/8', 'fd00::/8'],
    ['999.1.1.1', undefined],
    ['foo', undefined],
    ['', undefined],
    ['10.0.0.0/33', undefined],
    ['10.0.0.0/', undefined],
    ['10.0.0.0/-1', undefined],
    ['10.0.0.0/08x', undefined],
    ['fe80::1%eth0', undefined],
    ['0x7f.1', undefined],
    ['127.1', undefined],
    ['::/129', undefined],
  ]
  for (const [text, want] of table) assert.equal(normalCidr(text), want, text)
})

test('an address is inside or outside, also when an IPv4 address comes mapped into IPv6', () => {
  const bound = addressBound(['10.0.0.0/8', 'fd00::/8'])
  for (const inside of ['10.1.2.3', '::ffff:10.1.2.3', 'fd00::1']) assert.ok(bound.allows(inside), inside)
  for (const outside of ['11.0.0.1', '127.0.0.1', '::1', '', 'x', '10.1.2.3, 8.8.8.8'])
    assert.ok(!bound.allows(outside), outside)
})

test('no bound allows all, a broken one is an error', () => {
  assert.ok(addressBound([]).allows(''))
  assert.throws(() => addressBound(['nonsense']))
})
