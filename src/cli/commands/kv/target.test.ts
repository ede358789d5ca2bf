import assert from 'node:assert/strict'
import { test } from 'node:test'
import { versionList, withSection } from './target.ts'

test('the section stands between mount and key', () => {
  const cases: [path: string, mount: string, expected: string][] = [
    ['secret/foo', 'secret/', 'secret/data/foo'],
    ['secret/foo/bar/', 'secret/', 'secret/data/foo/bar'],
    ['secret', 'secret/', 'secret/data'],
    ['secret/', 'secret/', 'secret/data'],
    ['team/apps/foo', 'team/apps/', 'team/apps/data/foo'],
    ['secret/secret', 'secret/', 'secret/data/secret'],
    // The mount as told has the namespace in front, the path has not.
    ['secret/foo', 'ns1/secret/', 'secret/data/foo'],
    ['secret/foo', 'ns1/ns2/secret/', 'secret/data/foo'],
  ]
  for (const [path, mount, expected] of cases) assert.equal(withSection(path, mount, 'data'), expected, path)
})

test('versions by comma, by flag, and both', () => {
  assert.deepEqual(versionList(['1,2', ' 3 ', '']), ['1', '2', '3'])
})
