import assert from 'node:assert/strict'
import { test } from 'node:test'
import { event, request } from '../testdata/events.ts'
import { parseExclusions } from './exclusions.ts'
import { parseFilter } from './filter.ts'

test('a filter sees what stands in the entry', () => {
  const one = event({ request: request({ path: 'secret/data/x' }) })
  assert.equal(parseFilter('path == "secret/data/x"')(one), true)
  assert.equal(parseFilter(`mount_type == ${one.mount?.type ?? ''}`)(one), true)
  assert.equal(parseFilter(`mount_point == "${one.mount?.path ?? ''}"`)(one), true)
  assert.equal(parseFilter(`operation == ${one.operation}`)(one), true)
  assert.equal(parseFilter('namespace is empty')(one), true)
  assert.throws(() => parseFilter('token == x'), {
    code: 'AUDIT_FILTER',
    status: 400,
    message: 'option "filter" is invalid: the expression asks for "token", which there is not',
  })
})

test('members are left out by their pointers, decided by the entry as it was', () => {
  const json =
    '{"type":"response","request":{"mount_type":"transit","data":{"a/b":1,"c":1.50}},"list":[{"x":1,"y":2},3]}'
  const without = (exclude: string) => parseExclusions(exclude)(json)
  assert.equal(without('[{"fields":["/nope"]}]'), json)
  assert.equal(
    without(
      '[{"condition":"\\"/request/mount_type\\" == transit","fields":["/request/data"]},{"fields":["/list/0/x"]}]',
    ),
    '{"type":"response","request":{"mount_type":"transit"},"list":[{"y":2},3]}',
  )
  assert.equal(
    without(
      '[{"fields":["/request/mount_type"]},{"condition":"\\"/request/mount_type\\" == transit","fields":["/request/data/a~1b"]}]',
    ),
    '{"type":"response","request":{"data":{"c":1.50}},"list":[{"x":1,"y":2},3]}',
  )
  assert.equal(without('[{"condition":"\\"/request/mount_type\\" == kv","fields":["/request"]}]'), json)
  for (const bad of [
    '',
    '{}',
    '[1]',
    '[{}]',
    '[{"fields":[]}]',
    '[{"fields":["request"]}]',
    '[{"fields":["/a"],"x":1}]',
    '[{"condition":"x","fields":["/a"]}]',
  ])
    assert.throws(() => parseExclusions(bad), { code: 'AUDIT_FILTER', status: 400 }, bad)
})
