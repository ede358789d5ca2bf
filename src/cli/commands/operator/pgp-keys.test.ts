import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { enums, generateKey, readKey, unarmor } from 'openpgp'
import { base64Key, readPgpKeys } from './pgp-keys.ts'

const folder = mkdtempSync(join(tmpdir(), 'coffer-pgp-'))
after(() => rmSync(folder, { recursive: true }))

let armored = ''
let binary: Buffer = Buffer.alloc(0)

before(async () => {
  const { publicKey } = await generateKey({ userIDs: [{ name: 'ann' }], format: 'armored' })
  armored = publicKey
  binary = Buffer.from((await readKey({ armoredKey: publicKey })).write())
  assert.equal((await unarmor(publicKey)).type, enums.armor.publicKey)
})

test('a key is the same however its file is written', () => {
  const base64 = binary.toString('base64')
  assert.equal(base64Key(Buffer.from(armored)), base64)
  assert.equal(base64Key(Buffer.from(armored.replace('BLOCK-----\n', 'BLOCK-----\nVersion: x\nComment: y\n'))), base64)
  assert.equal(base64Key(Buffer.from(armored.replaceAll('\n', '\r\n'))), base64)
  assert.equal(base64Key(binary), base64)
  assert.equal(base64Key(Buffer.from(`${base64.replace(/(.{64})/g, '$1\n')}\n`)), base64)
})

test('files are named by commas, perhaps with an @', () => {
  const path = join(folder, 'ann.asc')
  writeFileSync(path, armored)
  assert.deepEqual(readPgpKeys('pgp-keys', `${path}, @${path}`), Array(2).fill(binary.toString('base64')))
  assert.deepEqual(readPgpKeys('pgp-keys', ''), [])
})

test('what cannot be read is named with its flag', () => {
  assert.throws(() => readPgpKeys('pgp-keys', '/no/such.asc'), /^CliFailure: -pgp-keys: ENOENT/)
  assert.throws(() => readPgpKeys('pgp-keys', 'keybase:ann'), /-pgp-keys: keybase:ann is not looked up/)
  assert.throws(() => readPgpKeys('pgp-keys', 'a,,b'), /-pgp-keys/)
})
