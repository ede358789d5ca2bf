import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Metadata, Version } from './domain.ts'
import { metadata } from './store.ts'

const count = fc.nat({ max: 2 ** 32 - 1 })
const time = fc.integer({ min: 1, max: 8.64e15 })

const version: fc.Arbitrary<Version> = fc.record(
  {
    createdAt: time,
    deletionAt: fc.option(time, { nil: undefined }),
    deleted: fc.boolean(),
    destroyed: fc.boolean(),
  },
  { noNullPrototype: true },
)

const meta: fc.Arbitrary<Metadata> = fc.record(
  {
    createdAt: time,
    updatedAt: time,
    currentVersion: count,
    oldestVersion: count,
    metadataVersion: count,
    maxVersions: count,
    casRequired: fc.boolean(),
    metadataCasRequired: fc.boolean(),
    deleteVersionAfter: count,
    customMetadata: fc
      .array(
        fc.tuple(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('__proto__', 'constructor')), fc.string()),
      )
      .map((pairs) => new Map(pairs)),
    versions: fc.array(fc.tuple(count, version), { maxLength: 12 }).map((rows) => new Map(rows)),
  },
  { noNullPrototype: true },
)

suite('stored metadata', () => {
  test('comes back as it was', () => {
    fc.assert(
      fc.property(meta, (before) => {
        const after = metadata.decode(metadata.encode(before))
        assert.deepEqual(after, before)
        assert.deepEqual([...after.versions], [...before.versions])
      }),
    )
  })

  test('of another form is an error, not half a secret', () => {
    for (const text of [
      '{}',
      '[]',
      '[[1,2,3,4]]',
      '[[1,2,3,4,5],[1,0,0,0],[["a",0,0,0]],[]]',
      '[[1,2,3,4,5],[1,0,0,0],[],[[1,2]]]',
    ]) {
      assert.throws(() => metadata.decode(Buffer.from(text)), text)
    }
  })
})
