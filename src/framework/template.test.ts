import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { TemplateIndex, parseTemplate } from './template.ts'

function indexOf(...templates: string[]): TemplateIndex<string> {
  const index = new TemplateIndex<string>()
  for (const template of templates) index.add(template, template)
  return index
}

function found(index: TemplateIndex<string>, path: string): readonly [string, Record<string, string>] | undefined {
  const match = index.match(path)
  return match && [match.value, Object.fromEntries(match.params)]
}

suite('templates', () => {
  test('name their segments', () => {
    assert.deepEqual(parseTemplate('a/{b}/{c+}'), [
      { kind: 'literal', name: 'a' },
      { kind: 'one', name: 'b' },
      { kind: 'rest', name: 'c' },
    ])
    assert.deepEqual(parseTemplate(''), [])
  })

  test('are refused when malformed', () => {
    for (const template of ['/a', 'a/', 'a//b', 'a{b}', '{a', 'a}', '{a-b}', '{a*}/b', '{a+}/{b}']) {
      assert.throws(() => parseTemplate(template), /path template/, template)
    }
  })

  test('match the paths they stand for', () => {
    const index = indexOf('config', 'data/{path+}', 'metadata/{path*}', 'roles/{name}', 'roles/{name}/id')
    assert.deepEqual(found(index, 'config'), ['config', {}])
    assert.deepEqual(found(index, 'config/'), ['config', {}])
    assert.equal(found(index, 'config/x'), undefined)
    assert.deepEqual(found(index, 'data/a/b'), ['data/{path+}', { path: 'a/b' }])
    assert.equal(found(index, 'data'), undefined)
    assert.equal(found(index, 'data/'), undefined)
    assert.deepEqual(found(index, 'metadata'), ['metadata/{path*}', { path: '' }])
    assert.deepEqual(found(index, 'metadata/'), ['metadata/{path*}', { path: '' }])
    assert.deepEqual(found(index, 'roles/x'), ['roles/{name}', { name: 'x' }])
    assert.deepEqual(found(index, 'roles/x/id'), ['roles/{name}/id', { name: 'x' }])
    assert.equal(found(index, 'roles/x/y'), undefined)
    assert.equal(found(index, 'nothing'), undefined)
  })

  test('keep the slash by which a folder is told from an entry', () => {
    const index = indexOf('data/{path+}', '{path*}')
    assert.deepEqual(found(index, 'data/a/'), ['data/{path+}', { path: 'a/' }])
    assert.deepEqual(found(index, 'x/y/'), ['{path*}', { path: 'x/y/' }])
  })

  test('take names such as those of object members for what they are', () => {
    const index = indexOf('data/{path+}', 'constructor/{name}')
    for (const name of ['__proto__', 'constructor', 'hasOwnProperty', 'user..aaa', 'a b', 'é']) {
      assert.deepEqual(found(index, `data/${name}`), ['data/{path+}', { path: name }])
    }
    assert.equal(found(index, '__proto__/x'), undefined)
  })

  test('go back from a literal that leads nowhere', () => {
    const index = indexOf('roles/{name}/id', 'roles/tidy', '{path+}')
    assert.deepEqual(found(index, 'roles/tidy'), ['roles/tidy', {}])
    assert.deepEqual(found(index, 'roles/tidy/id'), ['roles/{name}/id', { name: 'tidy' }])
    assert.deepEqual(found(index, 'roles/tidy/other'), ['{path+}', { path: 'roles/tidy/other' }])
  })

  test('declared twice are an error', () => {
    assert.throws(() => indexOf('a/{b}', 'a/{b}'), /declared twice/)
    assert.throws(() => indexOf('a/{b+}', 'a/{c+}'), /declared twice/)
    assert.throws(() => indexOf('a/{b}', 'a/{c}/d'), /elsewhere/)
  })

  const templates = [
    'a',
    'a/{x}',
    'a/b',
    'a/{x}/c',
    'a/{rest+}',
    'a/b/{rest+}',
    '{any*}',
    '{first}/b/c',
    'a/{x}/{rest+}',
  ]
  const path = fc
    .array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join('/'))

  test('are found in any order of declaration', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(templates, { minLength: 1 }), path, (some, asked) => {
        const inOrder = found(indexOf(...templates.filter((template) => some.includes(template))), asked)
        assert.deepEqual(found(indexOf(...some), asked), inOrder)
      }),
    )
  })

  test('give back the path when their parameters are put in', () => {
    fc.assert(
      fc.property(path, (asked) => {
        const [template, params] = found(indexOf(...templates), asked) ?? ['', {}]
        assert.equal(
          template.replace(/\{(\w+)[+*]?\}/g, (_, name: string) => params[name] ?? ''),
          asked,
        )
      }),
    )
  })
})
