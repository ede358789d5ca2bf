/** The reference pages are those of the tables, and what the tables say as OpenAPI is valid. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { openApi } from './framework/derive/openapi.ts'
import { allEngines, referenceFolder, referencePages, staleFiles, usualMounts } from './gen.ts'

test('the committed reference pages are those of the tables', async () => {
  assert.deepEqual(staleFiles(await referencePages(), referenceFolder), [])
})

test('a page that is missing, changed or left over is told', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-pages-'))
  try {
    writeFileSync(join(folder, 'a.md'), 'changed')
    writeFileSync(join(folder, 'old.md'), 'old')
    const pages = new Map([
      ['a.md', 'a'],
      ['b.md', 'b'],
    ])
    assert.deepEqual(staleFiles(pages, folder), ['a.md is out of date', 'b.md is missing', 'old.md belongs to nothing'])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

interface Operation {
  readonly operationId: string
}

async function documentOf(genericMountPaths: boolean) {
  const text = openApi([...usualMounts(), { path: 'team/{a} b/', engine: kvV2() }], {
    version: '1.2.3',
    genericMountPaths,
  })
  const document: { paths: Record<string, Record<string, unknown>> } = JSON.parse(text)
  return { text, document }
}

function kvV2() {
  const found = allEngines().find(({ type }) => type === 'kv-v2')
  assert.ok(found)
  return found.engine
}

for (const generic of [false, true]) {
  test(`the OpenAPI document of all engines is valid, ${generic ? 'generic' : 'mounted'}`, async () => {
    const { document } = await documentOf(generic)
    const validator = new Validator()
    const { valid, errors } = await validator.validate(document)
    assert.ok(valid, JSON.stringify(errors, undefined, 1))
    assert.equal(validator.version, '3.1')
    assert.ok(Object.keys(document.paths).length > 80)
  })

  test(`its operations have ids of their own, and no two paths match alike, ${generic ? 'generic' : 'mounted'}`, async () => {
    const { document } = await documentOf(generic)
    const ids = Object.values(document.paths).flatMap((item) =>
      ['get', 'post', 'patch', 'delete'].flatMap((method) =>
        method in item ? [(item[method] as Operation).operationId] : [],
      ),
    )
    assert.deepEqual(
      ids.filter((id, i) => ids.indexOf(id) !== i),
      [],
    )
    // The generic ones begin with a parameter of their engine's own, which tells transit's keys from those of one-time passwords.
    const shapes = Object.keys(document.paths).map((path) => path.replace(/(?<!^\/)\{[^}]*\}/g, '{}'))
    // Engines of one type share their generic path, and versions of one engine may differ in a parameter's name.
    assert.deepEqual(
      shapes.filter((shape, i) => shapes.indexOf(shape) !== i),
      [],
    )
  })

  test(`each parameter in a path is declared, ${generic ? 'generic' : 'mounted'}`, async () => {
    const { document } = await documentOf(generic)
    for (const [path, item] of Object.entries(document.paths)) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name).toSorted()
      const declared = ((item['parameters'] ?? []) as readonly { name: string; in: string }[])
        .filter((parameter) => parameter.in === 'path')
        .map(({ name }) => name)
      assert.deepEqual(declared.toSorted(), named, path)
    }
  })
}

test('the same tables give the same text', async () => {
  assert.equal((await documentOf(false)).text, (await documentOf(false)).text)
  assert.deepEqual(await referencePages(), await referencePages())
})
