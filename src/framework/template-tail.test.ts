/** Templates with literal segments after a rest. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseTemplate, TemplateIndex } from './template.ts'

function index(...templates: readonly string[]): TemplateIndex<string> {
  const out = new TemplateIndex<string>()
  for (const template of templates) out.add(template, template)
  return out
}

function found(at: TemplateIndex<string>, path: string): readonly [string, Record<string, string>] | undefined {
  const match = at.match(path)
  return match && [match.value, Object.fromEntries(match.params)]
}

const MOUNTS = ['mounts', 'mounts/{path+}', 'mounts/{path+}/tune', 'mounts/{path+}/tune/deep']

test('literals after a rest beat the bare rest, whatever was declared first', () => {
  for (const templates of [MOUNTS, MOUNTS.toReversed()]) {
    const at = index(...templates)
    assert.deepEqual(found(at, 'mounts/a/tune'), ['mounts/{path+}/tune', { path: 'a' }])
    assert.deepEqual(found(at, 'mounts/a/b/c/tune'), ['mounts/{path+}/tune', { path: 'a/b/c' }])
    assert.deepEqual(found(at, 'mounts/a/tune/tune'), ['mounts/{path+}/tune', { path: 'a/tune' }])
    assert.deepEqual(found(at, 'mounts/a/tune/deep'), ['mounts/{path+}/tune/deep', { path: 'a' }])
    assert.deepEqual(found(at, 'mounts/a/b'), ['mounts/{path+}', { path: 'a/b' }])
    assert.deepEqual(found(at, 'mounts/a/tuned'), ['mounts/{path+}', { path: 'a/tuned' }])
  }
})

test('the rest before literals takes at least one segment', () => {
  const at = index(...MOUNTS)
  assert.deepEqual(found(at, 'mounts/tune'), ['mounts/{path+}', { path: 'tune' }])
  assert.deepEqual(found(at, 'mounts/tune/deep'), ['mounts/{path+}', { path: 'tune/deep' }])
  assert.deepEqual(found(at, 'mounts'), ['mounts', {}])
  assert.equal(found(index('m/{path+}/tune'), 'm/a/b'), undefined)
})

test('a trailing slash is ignored after literals and kept by a bare rest', () => {
  const at = index(...MOUNTS)
  assert.deepEqual(found(at, 'mounts/a/tune/'), ['mounts/{path+}/tune', { path: 'a' }])
  assert.deepEqual(found(at, 'mounts/a/'), ['mounts/{path+}', { path: 'a/' }])
})

test('a literal or a single segment on the way beats a rest with literals', () => {
  const at = index('roles/{path+}/tune', 'roles/{name}/tune', 'roles/fixed/tune')
  assert.deepEqual(found(at, 'roles/fixed/tune'), ['roles/fixed/tune', {}])
  assert.deepEqual(found(at, 'roles/x/tune'), ['roles/{name}/tune', { name: 'x' }])
  assert.deepEqual(found(at, 'roles/x/y/tune'), ['roles/{path+}/tune', { path: 'x/y' }])
})

test('what cannot be told apart is refused when it is declared', () => {
  assert.throws(() => index('a/{x+}/tune', 'a/{y+}/tune'), /declared twice/)
  assert.throws(() => parseTemplate('a/{x+}/{y}'), /only literal segments/)
  assert.throws(() => parseTemplate('a/{x*}/tune'), /only literal segments/)
  assert.throws(() => parseTemplate('a/{x+}/b/{y*}'), /only literal segments/)
})

test('any path of a mount is told from its tune path', () => {
  const at = index(...MOUNTS.slice(0, 3))
  const segment = fc.stringMatching(/^[a-z~.-]{1,6}$/)
  const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
  fc.assert(
    fc.property(path, (mount) => {
      assert.deepEqual(found(at, `mounts/${mount}/tune`), ['mounts/{path+}/tune', { path: mount }])
      const bare = mount.includes('/') && mount.endsWith('/tune')
      if (!bare) assert.deepEqual(found(at, `mounts/${mount}`), ['mounts/{path+}', { path: mount }])
    }),
  )
})
