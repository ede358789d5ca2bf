/** What the server keeps on disk is its own, and what it takes from the environment stays where it was. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { until } from '../support/callers.ts'
import { at } from '../support/json.ts'
import { coffer, startServer, type TestServer } from '../support/server.ts'

test('every file is its owner’s alone, whatever the umask', async () => {
  const logs = mkdtempSync(join(tmpdir(), 'coffer-log-'))
  const before = process.umask(0)
  try {
    await using server = await startServer({
      audit: true,
      config: `log_file = "${logs}/coffer.log"\nunsafe_allow_api_audit_creation = true`,
    })
    await server.call('POST', 'sys/mounts/secret', { type: 'kv' })
    await server.call('POST', 'secret/a', { a: 1 })
    await server.call('PUT', 'sys/audit/more', {
      type: 'file',
      options: { file_path: join(server.folder, 'deep', 'more.log'), mode: '0777' },
    })
    await server.call('PUT', 'sys/audit/plain', {
      type: 'file',
      options: { file_path: join(server.folder, 'own', 'plain.log') },
    })
    const entries = readdirSync(server.folder, { withFileTypes: true, recursive: true }).filter(
      (entry) => entry.name !== 'coffer.hcl' && entry.name !== 'more.log',
    )
    assert.ok(entries.length > 4)
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name)
      assert.equal((statSync(path).mode & 0o077).toString(8), '0', path)
    }
    assert.equal((statSync(join(logs, 'coffer.log')).mode & 0o077).toString(8), '0', 'the log')
    if (existsSync(join(server.folder, 'deep', 'more.log')))
      assert.equal(statSync(join(server.folder, 'deep', 'more.log')).mode & 0o7111, 0, 'no audit file is a program')
  } finally {
    process.umask(before)
    rmSync(logs, { recursive: true })
  }
})

test('no audit file lands where programs, keys or other people’s files are', async () => {
  await using server = await startServer({ config: 'unsafe_allow_api_audit_creation = true' })
  const { folder } = server
  mkdirSync(join(folder, 'elsewhere'))
  symlinkSync(join(folder, 'data'), join(folder, 'elsewhere', 'link'))
  const program = join(import.meta.dirname, '..', '..')
  const places = [
    join(folder, 'data', 'x.log'),
    join(folder, 'elsewhere', 'link', 'x.log'),
    join(folder, 'elsewhere', '..', 'data', 'x.log'),
    join(folder, 'data'),
    join(folder, 'coffer.hcl'),
    join(program, 'src', 'x.ts'),
    join(program, 'bin', 'node'),
    join(program, 'node_modules', 'x.js'),
    '/proc/self/mem',
    '/proc/1/environ',
    '/dev/mem',
    '/sys/x',
    '',
    '/',
    'x\u0000y',
  ]
  for (const [i, place] of places.entries()) {
    for (const option of ['file_path', 'path']) {
      const answer = await server.call('PUT', `sys/audit/a${i}`, { type: 'file', options: { [option]: place } })
      assert.equal(answer.status, 400, `${option}=${place}: ${answer.text}`)
    }
  }
  for (const options of [
    { prefix: '#!/bin/sh\n' },
    { mode: '4755' },
    { mode: '0x1ff' },
    { mode: 'rwx' },
    { file_path: join(folder, 'ok.log'), prefix: 'x' },
  ]) {
    assert.equal(
      (
        await server.call('PUT', 'sys/audit/b', {
          type: 'file',
          options: { file_path: join(folder, 'ok.log'), ...options },
        })
      ).status,
      400,
      JSON.stringify(options),
    )
  }
  assert.deepEqual(at((await server.call('GET', 'sys/audit')).json, 'data'), {})
  assert.ok(!existsSync(join(program, 'src', 'x.ts')))
})

test('a second server does not open the same folder', async () => {
  await using server = await startServer()
  const second = spawnSync(coffer, ['server', `-config=${join(server.folder, 'coffer.hcl')}`], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  assert.notEqual(second.status, 0)
  assert.match(second.stdout + second.stderr, /in use/)
  assert.equal((await server.call('GET', 'auth/token/lookup-self')).status, 200)
})

test('files that others may write keep it from starting, or are told of', async () => {
  await using server = await startServer({ storage: 'inmem' })
  const config = join(server.folder, 'coffer.hcl')
  await server.kill()
  chmodSync(config, 0o666)
  const child = spawn(coffer, ['server', `-config=${config}`], { stdio: ['ignore', 'pipe', 'pipe'] })
  try {
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    await until('a word about the mode', () =>
      /coffer\.hcl.*(write|mode|others)|(write|mode|others).*coffer\.hcl/i.test(output) ? true : undefined,
    )
  } finally {
    child.kill('SIGKILL')
  }
})

test('credentials in the environment and in the configuration stand in no log and no answer', async () => {
  const canary = 'canary-env-91ab'
  const names = [
    'HTTPS_PROXY',
    'HTTP_PROXY',
    'https_proxy',
    'ALL_PROXY',
    'VAULT_TOKEN',
    'COFFER_TOKEN',
    'AWS_SECRET_ACCESS_KEY',
    'NODE_OPTIONS',
    'NODE_DEBUG',
  ]
  const kept = new Map(names.map((name) => [name, process.env[name]]))
  for (const name of names)
    process.env[name] =
      name === 'NODE_OPTIONS'
        ? '--inspect=127.0.0.1:0 --report-uncaught-exception'
        : name === 'NODE_DEBUG'
          ? 'http,net,tls'
          : `http://user:${canary}@proxy.invalid`
  try {
    await using server = await startServer({ config: 'log_level = "trace"' })
    const answers = await Promise.all(
      [
        'sys/config/state/sanitized',
        'sys/host-info',
        'sys/health',
        'sys/metrics',
        'sys/in-flight-req',
        'sys/version-history?list=true',
        'sys/internal/specs/openapi',
      ].map((path) => server.call('GET', path)),
    )
    for (const { text } of [...answers, { text: server.output }]) {
      assert.ok(!text.includes(canary))
      assert.ok(!text.includes('proxy.invalid'))
    }
    assert.doesNotMatch(
      server.output,
      /Debugger listening|HTTP \d+:|NET \d+:/,
      'the environment changes nothing about how it runs',
    )
  } finally {
    for (const [name, value] of kept) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
})

test('at SIGHUP a certificate, the level of the log and rotated audit files are taken anew; a bad certificate is not', async () => {
  await using server = await startServer({ tls: true, audit: true, config: 'log_level = "warn"' })
  const tls = join(import.meta.dirname, '..', 'support', 'tls')
  const before = await fingerprint(server)
  copyFileSync(join(tls, 'renewed.pem'), join(server.folder, 'cert.pem'))
  copyFileSync(join(tls, 'renewed.key'), join(server.folder, 'key.pem'))
  renameSync(server.auditFile, `${server.auditFile}.1`)
  writeFileSync(
    join(server.folder, 'coffer.hcl'),
    readFileSync(join(server.folder, 'coffer.hcl'), 'utf8').replace('log_level = "warn"', 'log_level = "info"'),
  )
  server.child.kill('SIGHUP')
  await server.said(/reloaded/)
  const after = await fingerprint(server)
  assert.notEqual(after, before)
  assert.ok(existsSync(server.auditFile))
  assert.equal(statSync(server.auditFile).mode & 0o777, 0o600)
  writeFileSync(join(server.folder, 'cert.pem'), 'nonsense')
  server.child.kill('SIGHUP')
  await server.said(/could not be reloaded/)
  assert.equal(await fingerprint(server), after, 'the old one stays in use')
})

function fingerprint(server: TestServer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { port: Number(new URL(server.address).port), host: '127.0.0.1', rejectUnauthorized: false },
      () => {
        resolve(socket.getPeerCertificate().fingerprint256)
        socket.destroy()
      },
    )
    socket.on('error', reject)
  })
}
