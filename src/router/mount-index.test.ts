import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Mount } from '../request/mount.ts'
import { MountIndex } from './mount-index.ts'
import { testMount } from '../../test/support/mounts.ts'

function mount(path: string): Mount {
  return testMount(path, { type: 'kv', uuid: `uuid-${path.replaceAll('/', '.')}`, accessor: `kv_${path}` })
}

const index = new MountIndex(['secret/', 'a/b/', 'sys/', 'auth/token/', '__proto__/', 'ü/x/'].map(mount))

test('the mount of a path is the longest that is a prefix of it, whole segments alone', () => {
  const cases: readonly (readonly [string, string | undefined, string])[] = [
    ['secret/data/a', 'secret/', 'data/a'],
    ['secret/', 'secret/', ''],
    ['secret', 'secret/', ''],
    ['secrets/x', undefined, ''],
    ['a/b/c/', 'a/b/', 'c/'],
    ['a/bc', undefined, ''],
    ['a', undefined, ''],
    ['auth/token/lookup', 'auth/token/', 'lookup'],
    ['__proto__/x', '__proto__/', 'x'],
    ['constructor/x', undefined, ''],
    ['ü/x/y', 'ü/x/', 'y'],
    ['', undefined, ''],
  ]
  for (const [path, found, rest] of cases) {
    const match = index.match('root', path)
    assert.equal(match?.mount.path, found, path)
    if (match !== undefined) assert.equal(match.rest, rest, path)
  }
})

test('agrees with a search through all mounts', () => {
  const segment = fc.constantFrom('a', 'b', 'ab', 'c')
  const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
  fc.assert(
    fc.property(fc.uniqueArray(path, { maxLength: 8 }), path, (mounts, asked) => {
      const all = mounts.map((one) => `${one}/`)
      const naive = all.filter((one) => `${asked}/`.startsWith(one)).toSorted((a, b) => b.length - a.length)[0]
      assert.equal(new MountIndex(all.map(mount)).match('root', asked)?.mount.path, naive)
    }),
  )
})

test('a path above or below a mount is taken, unless it is that mount itself', () => {
  assert.equal(index.conflict('root', 'a/')?.path, 'a/b/')
  assert.equal(index.conflict('root', 'a/b/c/')?.path, 'a/b/')
  assert.equal(index.conflict('root', 'ab/'), undefined)
  assert.equal(index.conflict('root', 'a/b/', 'uuid-a.b.'), undefined)
})

test('is immutable: a change gives another index', () => {
  const moved = index.with({ ...mount('secret/'), path: 'moved/' })
  assert.equal(moved.match('root', 'secret/x'), undefined)
  assert.equal(moved.match('root', 'moved/x')?.mount.uuid, 'uuid-secret.')
  assert.equal(index.match('root', 'secret/x')?.mount.path, 'secret/')
  assert.equal(moved.without('core/mounts/uuid-secret.').match('root', 'moved/x'), undefined)
})
