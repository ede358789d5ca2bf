import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { nearest } from './nearest.ts'

describe('nearest', () => {
  const words = ['address', 'ui', 'tls_disable', 'max_lease_ttl', 'storage']
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['adress', 'address'], ['addrses', 'address'], ['TLS_DISABLE', 'tls_disable'], ['iu', 'ui'], ['tls_disabled', 'tls_disable'], ['max_lease_tll', 'max_lease_ttl'], ['x', undefined],
    ['something', undefined], ['', undefined],
  ]
  for (const [word, expected] of rows) it(`${JSON.stringify(word)} is ${expected ?? 'near to none'}`, () => assert.equal(nearest(word, words), expected))
})
