import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { RawJson } from '#framework'
import * as domain from './domain.ts'

const { addVersion, defaultSettings, deletionTime, isReadable, newMetadata } = domain

function written(count: number, settings = defaultSettings, start = newMetadata(0)): domain.Metadata {
  let meta = start
  for (let i = 1; i <= count; i++) meta = addVersion(meta, settings, i).meta
  return meta
}

function refuses(code: string, run: () => unknown): void {
  assert.throws(run, { code })
}

suite('versions of a secret', () => {
  test('are numbered from 1 and kept up to ten', () => {
    assert.deepEqual([...written(10).versions.keys()], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    const { meta, pruned } = addVersion(written(10), defaultSettings, 11)
    assert.deepEqual([meta.currentVersion, meta.oldestVersion, pruned], [11, 2, [1]])
  })

  test('are kept as many as secret or mount say, whichever is more', () => {
    const of = (secret: number, mount: number) =>
      written(20, { ...defaultSettings, maxVersions: mount }, { ...newMetadata(0), maxVersions: secret }).versions.size
    assert.deepEqual([of(0, 0), of(3, 0), of(0, 4), of(3, 4), of(15, 4), of(1, 0)], [10, 3, 4, 4, 15, 1])
  })

  test('that are too many at once all go', () => {
    const many = written(20, { ...defaultSettings, maxVersions: 20 })
    const { meta, pruned } = addVersion({ ...many, maxVersions: 2 }, defaultSettings, 21)
    assert.deepEqual([...meta.versions.keys()], [20, 21])
    assert.equal(pruned.length, 19)
  })

  test('leave the metadata they were added to as it was', () => {
    const before = written(3)
    addVersion(before, defaultSettings, 4)
    domain.destroyVersions(before, [1])
    assert.equal(before.versions.size, 3)
    assert.equal(before.versions.get(1)?.destroyed, false)
  })
})

suite('the time of deletion', () => {
  const at = (mount: number, secret: number) =>
    deletionTime(
      1_000,
      { ...defaultSettings, deleteVersionAfter: mount },
      { ...newMetadata(0), deleteVersionAfter: secret },
    )

  test("is the shorter of the mount's and the secret's", () => {
    assert.deepEqual(
      [at(0, 0), at(10, 0), at(0, 20), at(10, 20), at(20, 10)],
      [undefined, 11_000, 21_000, 11_000, 11_000],
    )
  })

  test('is never where the mount says so', () => {
    assert.equal(at(domain.NEVER, 20), undefined)
  })

  test('has come in the very millisecond it names', () => {
    const version = { createdAt: 0, deletionAt: 10, deleted: false, destroyed: false }
    assert.deepEqual([isReadable(version, 9), isReadable(version, 10), isReadable(version, 11)], [true, false, false])
  })

  test('that a request set is not undone by a clock set back', () => {
    const meta = domain.deleteVersions(written(1), [1], 5_000)
    const version = meta.versions.get(1)
    assert.ok(version !== undefined)
    assert.equal(isReadable(version, 1_000), false)
  })

  test('stays when a deleted version is deleted again', () => {
    const once = domain.deleteVersions(written(1), [1], 5_000)
    assert.deepEqual(domain.deleteVersions(once, [1], 9_000), once)
  })
})

suite('undeleting', () => {
  test('brings back what is deleted, not what is destroyed', () => {
    const gone = domain.destroyVersions(domain.deleteVersions(written(2), [1, 2], 5), [2])
    const meta = domain.undeleteVersions(gone, [1, 2, 3, -1], defaultSettings, 9)
    assert.deepEqual(
      [...meta.versions.values()].map((version) => isReadable(version, 9)),
      [true, false],
    )
    assert.equal(meta.versions.get(2)?.deletionAt, 5)
  })

  test('starts the time to live anew', () => {
    const settings = { ...defaultSettings, deleteVersionAfter: 60 }
    const meta = domain.undeleteVersions(domain.deleteVersions(written(1), [1], 5), [1], settings, 1_000)
    assert.equal(meta.versions.get(1)?.deletionAt, 61_000)
  })
})

suite('check and set', () => {
  const meta = written(3)
  const assertCas = (cas: string | null | undefined, settings = defaultSettings, of = meta) =>
    domain.assertCas(typeof cas === 'string' ? new RawJson(cas) : cas, settings, of)

  test('lets the current version pass in any of its forms', () => {
    for (const cas of ['3', '"3"', '3.0', undefined]) assertCas(cas)
    assertCas('true', defaultSettings, written(1))
    assertCas(null, defaultSettings, newMetadata(0))
  })

  test('refuses another and what is no number', () => {
    for (const cas of ['0', '2', '4', '-1', 'true', '""', null]) refuses('KV_CAS_MISMATCH', () => assertCas(cas))
    for (const cas of ['"x"', '1.5', '[3]', '{}', '99999999999999999999'])
      refuses('KV_CAS_INVALID', () => assertCas(cas))
  })

  test('can be demanded by secret and mount', () => {
    refuses('KV_CAS_REQUIRED', () => assertCas(undefined, { ...defaultSettings, casRequired: true }))
    refuses('KV_CAS_REQUIRED', () => assertCas(undefined, defaultSettings, { ...meta, casRequired: true }))
  })

  test('of metadata counts metadata', () => {
    const { assertMetadataCas } = domain
    assertMetadataCas(undefined, defaultSettings, meta)
    assertMetadataCas(0, defaultSettings, undefined)
    assertMetadataCas(0, defaultSettings, meta)
    refuses('KV_METADATA_CAS_NEW', () => assertMetadataCas(1, defaultSettings, undefined))
    refuses('KV_METADATA_CAS_MISMATCH', () => assertMetadataCas(3, defaultSettings, meta))
    const strict = { ...defaultSettings, metadataCasRequired: true }
    refuses('KV_METADATA_CAS_REQUIRED', () => assertMetadataCas(undefined, strict, meta))
    refuses('KV_METADATA_CAS_REQUIRED', () => assertMetadataCas(undefined, strict, undefined))
  })
})
