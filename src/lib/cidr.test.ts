import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressBound, isWithin, normalCidr } from './cidr.ts'

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

test('a block is within others where all of its addresses are', () => {
  const table: readonly (readonly [block: string, others: readonly string[], within: boolean])[] = [
    ['10.1.0.0/16', ['10.0.0.0/8'], true],
    ['10.0.0.0/8', ['10.0.0.0/8'], true],
    ['10.0.0.0/7', ['10.0.0.0/8'], false],
    ['10.0.0.1', ['10.0.0.1/32'], true],
    ['10.0.0.1/32', ['10.0.0.1'], true],
    ['11.0.0.1', ['10.0.0.0/8', '11.0.0.0/24'], true],
    ['0.0.0.0/0', ['10.0.0.0/8', '11.0.0.0/24'], false],
    ['::1', ['10.0.0.0/8'], false],
    ['fd00:1::/32', ['fd00::/8'], true],
    ['10.0.0.0/8', [], false],
  ]
  for (const [block, others, within] of table)
    assert.equal(isWithin(block, others), within, `${block} in ${others.join()}`)
})
