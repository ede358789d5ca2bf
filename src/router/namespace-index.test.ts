import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NamespaceInfo } from '../request/namespace-ports.ts'
import { rootNamespace } from '../request/request.ts'
import { NamespaceIndex } from './namespace-index.ts'

function row(path: string, more: Partial<NamespaceInfo> = {}): NamespaceInfo {
  const plain = { customMetadata: new Map(), tainted: false, lock: undefined, home: '', sealed: false, wiped: false }
  return { id: `id-of-${path.replaceAll('/', '.')}`, path, uuid: path, ...plain, ...more }
}

const index = new NamespaceIndex(['a/', 'a/b/', 'a/b/c/', 'ab/', '__proto__/', 'é/'].map((path) => row(path)))

test('a path leads down as long as there are namespaces, segment by segment', () => {
  const cases: readonly (readonly [from: string, path: string, namespace: string, rest: string])[] = [
    ['', 'secret/x', '', 'secret/x'],
    ['', 'a/secret/x', 'a/', 'secret/x'],
    ['', 'a/b/c/x', 'a/b/c/', 'x'],
    ['', 'a/b/c/', 'a/b/c/', ''],
    ['', 'a', '', 'a'],
    ['', 'abc/x', '', 'abc/x'],
    ['', 'ab/b/x', 'ab/', 'b/x'],
    ['a/', 'b/x', 'a/b/', 'x'],
    ['a/', 'a/x', 'a/', 'a/x'],
    ['a/b/', 'c/a/x', 'a/b/c/', 'a/x'],
    ['', '__proto__/x', '__proto__/', 'x'],
    ['', 'é/x', 'é/', 'x'],
    ['', 'A/x', '', 'A/x'],
    ['', '', '', ''],
  ]
  for (const [from, path, namespace, rest] of cases) {
    const start = index.at(from)
    assert.ok(start !== undefined)
    const found = index.descend(start, path)
    assert.deepEqual([found.namespace.path, found.path], [namespace, rest], `${from} ${path}`)
  }
})

test('where a path leads nowhere the namespace is the very one it began with', () => {
  assert.equal(index.descend(rootNamespace, 'secret/x').namespace, rootNamespace)
  assert.equal(new NamespaceIndex([]).descend(rootNamespace, 'a/x').namespace, rootNamespace)
})

test('lists what is directly below, and all that is', () => {
  const paths = (rows: readonly NamespaceInfo[]) => rows.map(({ path }) => path)
  assert.deepEqual(paths(index.children('')), ['__proto__/', 'a/', 'ab/', 'é/'])
  assert.deepEqual(paths(index.children('a/')), ['a/b/'])
  assert.deepEqual(paths(index.below('a/')), ['a/b/', 'a/b/c/'])
  assert.deepEqual(paths(index.below('ab/')), [])
})

test('a lock counts for what is below it', () => {
  const locked = index.with(row('a/b/', { lock: { keyHash: 'x' } }))
  const at = (path: string) => locked.lockedAt({ id: 'x', path })?.path
  assert.deepEqual(['', 'a/', 'a/b/', 'a/b/c/', 'ab/', 'zz/'].map(at), [
    undefined,
    undefined,
    'a/b/',
    'a/b/',
    undefined,
    undefined,
  ])
  assert.equal(index.lockedAt({ id: 'x', path: 'a/b/' }), undefined)
})

test('is immutable: a change gives another index', () => {
  const without = index.without('core/namespaces/id-of-a.b.')
  assert.equal(without.at('a/b/'), undefined)
  assert.equal(without.byId('id-of-a.b.'), undefined)
  assert.equal(index.at('a/b/')?.path, 'a/b/')
  assert.equal(index.byId('root')?.path, '')
})
