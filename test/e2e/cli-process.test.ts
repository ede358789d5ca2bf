/** The command line as a process: exit codes, streams, and readers that go away. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { coffer } from '../support/server.ts'

const nowhere = { ...process.env, VAULT_ADDR: 'http://127.0.0.1:9', VAULT_TOKEN: 'none', HOME: '/nonexistent' }

test('what was asked for goes to stdout, complaints to stderr, the exit code tells', () => {
  const version = spawnSync(coffer, ['version'], { encoding: 'utf8', env: nowhere })
  assert.deepEqual([version.status, version.stderr], [0, ''])
  assert.match(version.stdout, /^Coffer v\d+\.\d+\.\d+\n$/)
  const status = spawnSync(coffer, ['status'], { encoding: 'utf8', env: nowhere })
  assert.deepEqual([status.status, status.stdout], [1, ''])
  assert.match(status.stderr, /nothing listens at 127\.0\.0\.1:9/)
  assert.equal(spawnSync(coffer, ['read', 'a'], { env: nowhere }).status, 2)
  assert.equal(spawnSync(coffer, ['read', '-nope'], { env: nowhere }).status, 1)
})

test('it works through a link and from any folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-link-'))
  try {
    symlinkSync(coffer, join(folder, 'cfr'))
    const run = spawnSync(join(folder, 'cfr'), ['print', 'token'], { encoding: 'utf8', env: nowhere, cwd: folder })
    assert.equal(run.stdout, 'none\n')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a reader that has seen enough does not make it crash', async () => {
  const child = spawn(coffer, ['-h'], { stdio: ['ignore', 'pipe', 'pipe'], env: nowhere })
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()))
  child.stdout.destroy()
  const code = await new Promise((resolve) => child.once('close', resolve))
  assert.deepEqual([code, complaint], [0, ''])
})
