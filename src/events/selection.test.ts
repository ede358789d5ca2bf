import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CofferError } from '../errors/coffer-error.ts'
import { rootNamespace } from '../request/request.ts'
import { cloudEvent } from './cloud-event.ts'
import { protobufOf } from './protobuf.ts'
import { selectionOf } from './selection.ts'
import { testEvent } from './testdata/events.ts'

const all = { types: ['*'], namespaces: [], filter: '' }
const team = { id: 'team', path: 'team/' }
const inner = { id: 'inner', path: 'team/inner/' }

suite('a selection', () => {
  test('takes types by their globs', () => {
    const takes = (...types: readonly string[]) => selectionOf({ ...all, types }, rootNamespace).takes(testEvent())
    assert.equal(takes('kv-v2/data-write'), true)
    assert.equal(takes('kv*'), true)
    assert.equal(takes('*write'), true)
    assert.equal(takes('database/*', 'kv-v2/data-*'), true)
    assert.equal(takes('kv-v1/*'), false)
    assert.equal(takes(''), false)
  })

  test('reaches down from its namespace, and never up or across', () => {
    const takes = (from: typeof rootNamespace, namespaces: readonly string[], of: typeof rootNamespace) =>
      selectionOf({ ...all, namespaces }, from).takes(testEvent({ namespace: of }))
    assert.equal(takes(rootNamespace, [], rootNamespace), true)
    assert.equal(takes(rootNamespace, [], team), false)
    assert.equal(takes(rootNamespace, ['team'], team), true)
    assert.equal(takes(rootNamespace, ['/team/'], team), true)
    assert.equal(takes(rootNamespace, ['team'], inner), false)
    assert.equal(takes(rootNamespace, ['*'], inner), true)
    assert.equal(takes(team, ['*'], inner), true)
    assert.equal(takes(team, ['*', '../', ''], rootNamespace), false)
    assert.equal(takes(team, ['*'], { id: 'other', path: 'teamster/' }), false)
    assert.equal(takes(team, ['team'], { id: 'other', path: 'other/' }), false)
  })

  test('asks for what there is, and for nothing else', () => {
    const takes = (filter: string) => selectionOf({ ...all, filter }, rootNamespace).takes(testEvent())
    assert.equal(takes('operation == "data-write" and metadata.current_version == "3"'), true)
    assert.equal(takes('metadata.absent is empty'), true)
    assert.equal(takes('path matches "^secret/data/"'), true)
    assert.equal(takes('namespace == "team/"'), false)
    for (const filter of ['password == a', 'metadata == a', 'operation ==', '(', 'x'.repeat(5000)])
      assert.throws(
        () => takes(filter),
        (error) => error instanceof CofferError && error.code === 'EVENTS_FILTER',
      )
  })
})

test('an event as Protocol Buffers has the fields of EventReceived', () => {
  const event = testEvent({
    metadata: new Map([
      ['a', ''],
      ['long', 'x'.repeat(200)],
    ]),
    namespace: team,
  })
  const fields = decoded(protobufOf(event))
  assert.deepEqual([...fields.keys()], [1, 2, 3, 4])
  assert.equal(fields.get(2)?.[0]?.toString(), 'team/')
  assert.equal(fields.get(3)?.[0]?.toString(), 'kv-v2/data-write')
  const plugin = decoded(fields.get(4)?.[0])
  assert.deepEqual(
    [...plugin].map(([number, [value]]) => [number, value?.toString()]),
    [
      [1, 'secret'],
      [2, 'kv_12345678'],
      [3, 'secret/'],
      [4, 'kv'],
      [6, '2'],
    ],
  )
  const inside = decoded(fields.get(1)?.[0])
  assert.equal(inside.get(1)?.[0]?.toString(), event.id)
  const members = decoded(inside.get(2)?.[0]).get(1) ?? []
  const pairs = members.map((entry) => {
    const pair = decoded(entry)
    return [pair.get(1)?.[0]?.toString(), decoded(pair.get(2)?.[0]).get(3)?.[0]?.toString()]
  })
  assert.deepEqual(pairs, [
    ['a', ''],
    ['long', 'x'.repeat(200)],
  ])
})

test('an event as JSON keeps its members in order', () => {
  const text = cloudEvent(testEvent({ namespace: team }), 'coffer://cluster')
  assert.equal(
    text,
    '{"id":"2f6a614c-0000-4000-8000-000000000000","source":"coffer://cluster","specversion":"1.0","type":"*",' +
      '"data":{"event":{"id":"2f6a614c-0000-4000-8000-000000000000","metadata":{"current_version":"3","operation":"data-write",' +
      '"path":"secret/data/app"}},"namespace":"team/","event_type":"kv-v2/data-write","plugin_info":{"mount_class":"secret",' +
      '"mount_accessor":"kv_12345678","mount_path":"secret/","plugin":"kv","version":"2"}},' +
      '"datacontenttype":"application/json","datacontentype":"application/cloudevents","time":"2026-01-01T00:00:00Z"}',
  )
})

/** Fields that hold bytes, by their numbers. */
function decoded(bytes: Uint8Array = new Uint8Array(0)): ReadonlyMap<number, readonly Buffer[]> {
  const out = new Map<number, Buffer[]>()
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? assert.fail('the bytes end too early')
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    assert.equal(tag & 7, 2)
    const size = varint()
    const field = out.get(tag >> 3) ?? []
    out.set(tag >> 3, field)
    field.push(Buffer.from(bytes.subarray(at, at + size)))
    at += size
  }
  return out
}
