/** OpenSSL's locked heap, in which private keys are, cannot be filled by clients: not with many keys, nor with many requests at once. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { at } from '../support/json.ts'

const HEAP = 65_536
/** A quarter for keys that are kept parsed, and what is left until it is collected: a few operations have much of so small a heap. */
const MOST = (3 * HEAP) / 4

test('more keys than the locked heap has room for work, and leave room in it', () => {
  const load = new URL('../support/locked-heap-load.ts', import.meta.url).pathname
  const flags = [`--secure-heap=${HEAP}`, '--secure-heap-min=16', '--disable-warning=ExperimentalWarning']
  const { stdout, stderr, status } = spawnSync(process.execPath, [...flags, load], {
    encoding: 'utf8',
    timeout: 240_000,
  })
  assert.equal(status, 0, stderr)
  const told: unknown = JSON.parse(stdout)
  assert.equal(at(told, 'total'), HEAP)
  assert.ok(Number(at(told, 'operations')) > 5000, stdout)
  assert.ok(Number(at(told, 'most')) <= MOST, stdout)
})
