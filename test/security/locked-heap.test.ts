/** OpenSSL's locked heap, in which private keys are, cannot be filled by clients: not with many keys, nor with many requests at once. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { at } from '../support/json.ts'

const HEAP = 65_536
/** `kept` for keys that are kept parsed, the rest until it is collected, and an operation or two. */
const MOST = HEAP / 2

test('more keys than the locked heap has room for work, and it stays half empty', () => {
  const load = new URL('../support/locked-heap-load.ts', import.meta.url).pathname
  const flags = [`--secure-heap=${HEAP}`, '--secure-heap-min=16', '--disable-warning=ExperimentalWarning']
  const { stdout, stderr, status } = spawnSync(process.execPath, [...flags, load], {
    encoding: 'utf8',
    timeout: 240_000,
  })
  assert.equal(status, 0, stderr)
  const told: unknown = JSON.parse(stdout)
  assert.equal(at(told, 'total'), HEAP)
  assert.ok(Number(at(told, 'operations')) > 6000, stdout)
  assert.ok(Number(at(told, 'most')) <= MOST, stdout)
})
