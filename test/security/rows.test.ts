/** The list of known failures names tests that are there, and every test of this folder. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '..', '..')
const text = readFileSync(join(root, 'docs', 'security-rows.md'), 'utf8')
const named = new Set([...text.matchAll(/`((?:src|test)\/[^`*]+\.(?:ts|txt))`/g)].map((match) => match[1] ?? ''))

test('every file that is named is there', () => {
  assert.ok(named.size > 60, `only ${named.size} files were found`)
  for (const file of named) assert.ok(existsSync(join(root, file)), file)
})

test('every row names a file, or says what it waits for', () => {
  const rows = text.split('\n').filter((line) => line.startsWith('| ') && !/^\| (Rule|Row|Hazard) \|/.test(line))
  assert.ok(rows.length > 90, `only ${rows.length} rows were found`)
  for (const row of rows) assert.match(row, /\.(ts|txt)`|not yet: ./, row)
})

test('every test of this folder is named', () => {
  for (const file of globSync('test/security/*.{test.ts,txt}', { cwd: root })) assert.ok(named.has(file), file)
})
