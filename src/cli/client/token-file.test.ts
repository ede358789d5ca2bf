import assert from 'node:assert/strict'
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, test, afterEach } from 'node:test'
import { readTokenFile, tokenFile, writeTokenFile } from './token-file.ts'

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'coffer-home-'))
})
afterEach(() => rmSync(home, { recursive: true }))

test('a token comes back as it was stored, and only its owner can read it', async () => {
  const path = tokenFile(home, undefined)
  assert.equal(readTokenFile(path), '')
  await writeTokenFile(path, 'hvs.abc')
  assert.equal(readTokenFile(path), 'hvs.abc')
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.deepEqual(readdirSync(home), ['.vault-token'])
})

test('an older file that others could read becomes private', async () => {
  const path = tokenFile(home, undefined)
  writeFileSync(path, 'old')
  chmodSync(path, 0o644)
  await writeTokenFile(path, 'new')
  assert.equal(statSync(path).mode & 0o777, 0o600)
})

test('a link in its place is replaced, not followed', async () => {
  const victim = join(home, 'victim')
  writeFileSync(victim, 'mine')
  symlinkSync(victim, tokenFile(home, undefined))
  await writeTokenFile(tokenFile(home, undefined), 'token')
  assert.equal(readFileSync(victim, 'utf8'), 'mine')
})

test('a file edited by hand may end in a newline, and may be elsewhere', () => {
  const path = tokenFile(home, join(home, 'elsewhere'))
  writeFileSync(path, ' hvs.abc\n')
  assert.equal(readTokenFile(path), 'hvs.abc')
})

test('a failure leaves no half-written file', async () => {
  await assert.rejects(writeTokenFile(join(home, 'no', 'such', 'folder'), 'token'))
  assert.deepEqual(readdirSync(home), [])
})
