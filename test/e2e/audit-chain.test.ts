/** Chained audit logs of whole servers: over threads, rotations, crashes and restarts they verify; what was tampered with does not. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { until } from '../support/callers.ts'
import { at, textAt } from '../support/json.ts'
import { coffer, startServer, type TestServer } from '../support/server.ts'

const audit = (file: string): string =>
  `audit "file" "chained" {\n options {\n file_path = "${file}"\n hash_chain = "true"\n }\n}\nserving_threads = 2`

interface Verified {
  readonly status: number | null
  readonly out: string
  readonly json: unknown
}

function verify(server: TestServer, ...args: readonly string[]): Verified {
  const done = spawnSync(coffer, ['audit', 'verify', '-format=json', ...args], {
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: server.folder,
      VAULT_ADDR: server.address,
      VAULT_TOKEN: server.token,
    },
  })
  const start = done.stdout.indexOf('{')
  return {
    status: done.status,
    out: done.stdout + done.stderr,
    json: start < 0 ? undefined : JSON.parse(done.stdout.slice(start, done.stdout.lastIndexOf('}') + 1)),
  }
}

describe('a chained audit log', () => {
  test('of a server with threads is one chain, through rotations, a crash and a clean restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'coffer-chain-'))
    const file = join(folder, 'audit.log')
    await using server = await startServer({ config: audit(file), storage: 'lmdb' })
    await server.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
    await server.call('POST', 'secret/data/a', { data: { x: 1 } })
    const agents = Array.from({ length: 12 }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }))
    const burst = (count: number) =>
      Promise.all(
        Array.from({ length: count }, async (_, i) => {
          const agent = agents[i % agents.length]
          const answer = await server.call(
            i % 10 === 0 ? 'POST' : 'GET',
            'secret/data/a',
            i % 10 === 0 ? { data: { x: i } } : undefined,
            agent === undefined ? {} : { agent },
          )
          assert.equal(answer.status, 200, answer.text)
        }),
      )
    await burst(900)
    let verdict = verify(server, '-device=chained', file)
    assert.equal(verdict.status, 0, verdict.out)
    assert.ok(Number(at(verdict.json, 'lines')) > 1800, verdict.out)

    renameSync(file, `${file}.1`)
    const rotating = burst(300)
    server.child.kill('SIGHUP')
    await server.said(/reloaded certificates/)
    await rotating
    await burst(50)
    verdict = verify(server, '-complete', `${file}.1`)
    assert.equal(verdict.status, 0, verdict.out)
    verdict = verify(server, '-device=chained', `${file}.1`, file)
    assert.equal(verdict.status, 0, verdict.out)
    // The new file begins with a signed line and can be verified by itself.
    verdict = verify(server, file)
    assert.equal(verdict.status, 0, verdict.out)
    assert.equal(verify(server, file, `${file}.1`).status, 2, 'files in the wrong order')

    await server.kill('SIGKILL')
    await server.restart()
    await server.unseal()
    await burst(20)
    await server.kill('SIGTERM')
    await server.restart()
    await server.unseal()
    await burst(20)
    verdict = verify(server, '-device=chained', `${file}.1`, file)
    assert.equal(verdict.status, 0, verdict.out)
    // The test entry of a new device is a segment of its own.
    assert.equal(at(verdict.json, 'segments'), 4, verdict.out)

    const key = textAt((await server.call('GET', 'sys/audit-chain/key')).json, 'data', 'public_key')
    writeFileSync(join(folder, 'key.pem'), key)
    await server.kill('SIGTERM')
    assert.equal(verify(server, `-key=${join(folder, 'key.pem')}`, '-complete', `${file}.1`, file).status, 0)
    agents.forEach((agent) => agent.destroy())
    rmSync(folder, { recursive: true })
  })

  test('that was cut off or added to while the server was away is told of at the start, and found', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'coffer-chain-'))
    const file = join(folder, 'audit.log')
    await using server = await startServer({ config: audit(file), storage: 'lmdb' })
    for (let i = 0; i < 10; i++) await server.call('GET', 'sys/mounts')
    await server.kill('SIGTERM')
    const whole = readFileSync(file)
    const cases: readonly (readonly [string, () => void])[] = [
      ['cut off', () => truncateSync(file, whole.subarray(0, whole.length - 5000).lastIndexOf('\n') + 1)],
      ['added to', () => appendFileSync(file, '{"type":"request"}\n')],
    ]
    for (const [what, tamper] of cases) {
      writeFileSync(file, whole)
      tamper()
      server.output = ''
      await server.restart()
      await server.unseal()
      await server.said(/the end of the audit log is not as it was left/)
      await server.call('GET', 'sys/mounts')
      const verdict = verify(server, file)
      assert.equal(verdict.status, 2, `${what}: ${verdict.out}`)
      await server.kill('SIGKILL')
      // As if it had not been started: what it knows of is in the storage.
    }
    rmSync(folder, { recursive: true })
  })

  test('names the line that was changed', async () => {
    await using server = await startServer({
      config: 'unsafe_allow_api_audit_creation = true',
      storage: 'inmem',
    })
    assert.equal((await server.call('GET', 'sys/audit-chain/key')).status, 404)
    const made = await server.call('PUT', 'sys/audit/c', {
      type: 'file',
      options: { file_path: server.auditFile, hash_chain: 'true', hmac_accessor: 'false' },
    })
    assert.equal(made.status, 204, made.text)
    for (let i = 0; i < 30; i++) await server.call('GET', 'sys/mounts')
    const lines = readFileSync(server.auditFile, 'utf8').split('\n')
    const file = join(server.folder, 'tampered.log')
    writeFileSync(file, lines.with(20, (lines[20] ?? '').replace('sys/mounts', 'sys/mountz')).join('\n'))
    const verdict = verify(server, file)
    assert.equal(verdict.status, 2)
    assert.equal(at(verdict.json, 'problems', 0, 'line'), 21, verdict.out)
    assert.equal((await server.call('DELETE', 'sys/audit/c')).status, 204)
    await until('the closing checkpoint', () =>
      verify(server, '-complete', server.auditFile).status === 0 ? true : undefined,
    )
    // Enabled again on the same file it goes on where it ended.
    const again = { type: 'file', options: { file_path: server.auditFile, hash_chain: 'true' } }
    assert.equal((await server.call('PUT', 'sys/audit/d', again)).status, 204)
    await server.call('GET', 'sys/mounts')
    assert.equal(verify(server, server.auditFile).status, 0, verify(server, server.auditFile).out)
  })
})
