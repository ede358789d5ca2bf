/** Logging in with a second factor by the command line: it asks for a code, sends one along, or says what is to be sent. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { TOTP, URI } from 'otpauth'
import { runCli } from '../../src/cli/index.ts'
import type { CliIo } from '../../src/cli/io.ts'
import { textAt } from '../support/json.ts'
import { startServer, type TestServer } from '../support/server.ts'

describe('a log-in with a second factor', () => {
  let server: TestServer
  let home: string
  let method: string
  let phone: TOTP
  /** In periods of a day; the code of each is good once. */
  let used = 0

  const done = async (path: string, body: object) => {
    const answer = await server.call('POST', path, body)
    assert.ok(answer.status < 300, `${path}: ${answer.text}`)
    return answer.json
  }
  /** One that was not used yet, of the period before, the present one, or the next. */
  const code = () => phone.generate({ timestamp: Date.now() + (used++ - 1) * 86_400_000 })

  /** @param typed on a terminal; without it there is none. */
  async function coffer(args: readonly string[], typed?: () => string) {
    let stdout = ''
    let stderr = ''
    const stdin = Object.assign(new PassThrough(), { setRawMode: () => undefined })
    const nobody = async () => 1
    const io: CliIo = {
      stdin,
      stdout: { write: (text) => void (stdout += text) },
      stderr: {
        write: (text) => {
          stderr += text
          if (text.includes('passphrase') && typed !== undefined) stdin.write(`${typed()}\r`)
        },
      },
      env: { VAULT_ADDR: server.address },
      isTty: { stdin: typed !== undefined, stdout: false, stderr: false },
      home,
      version: '0.0.0',
      sleep: async () => {},
      commands: { server: nobody, migrate: nobody, diagnose: nobody },
    }
    const status = await runCli(args, io)
    return { status, stdout, stderr }
  }
  const login = ['login', '-method=userpass', 'username=bob', 'password=pw']

  before(async () => {
    home = mkdtempSync(join(tmpdir(), 'coffer-mfa-'))
    server = await startServer({ storage: 'inmem' })
    await done('sys/auth/userpass', { type: 'userpass' })
    await done('auth/userpass/users/bob', { password: 'pw' })
    const accessor = textAt((await server.call('GET', 'sys/auth')).json, 'data', 'userpass/', 'accessor')
    const entity = textAt(await done('identity/entity', { name: 'bob' }), 'data', 'id')
    await done('identity/entity-alias', { name: 'bob', canonical_id: entity, mount_accessor: accessor })
    const made = await done('identity/mfa/method/totp', {
      method_name: 'phone',
      issuer: 'T',
      period: '24h',
      qr_size: 0,
    })
    method = textAt(made, 'data', 'method_id')
    const key = await done('identity/mfa/method/totp/admin-generate', { method_id: method, entity_id: entity })
    const parsed = URI.parse(textAt(key, 'data', 'url'))
    assert.ok(parsed instanceof TOTP)
    phone = parsed
    await done('identity/mfa/login-enforcement/all', { mfa_method_ids: [method], auth_method_types: ['userpass'] })
  })
  after(async () => {
    await server[Symbol.asyncDispose]()
    rmSync(home, { recursive: true })
  })

  test('asks for the code on a terminal, and keeps the token', async () => {
    const refused = await coffer(login, () => '00000a')
    assert.equal(refused.status, 2)
    assert.match(refused.stderr, /failed to satisfy enforcement all/)
    const { status, stdout, stderr } = await coffer(login, code)
    assert.equal(status, 0, stderr)
    assert.match(stderr, new RegExp(`Enter the passphrase for methodID "${method}" of type "totp": `))
    assert.match(stdout, /token_meta_username\s+bob/)
    assert.match(readFileSync(join(home, '.vault-token'), 'utf8'), /^hvs\./)
  })

  test('sends it along with -mfa', async () => {
    const { status, stdout, stderr } = await coffer(['login', `-mfa=phone:${code()}`, ...login.slice(1)])
    assert.equal(status, 0, stderr)
    assert.match(stdout, /token_meta_username\s+bob/)
  })

  test('without a terminal it says what is to be sent, and write sends it', async () => {
    const begun = await coffer([...login.slice(0, 1), '-format=json', ...login.slice(1)])
    assert.equal(begun.status, 0, begun.stderr)
    assert.match(begun.stderr, /sys\/mfa\/validate/)
    const request = textAt(JSON.parse(begun.stdout), 'auth', 'mfa_requirement', 'mfa_request_id')
    const payload = JSON.stringify({ [method]: [code()] })
    const { status, stdout, stderr } = await coffer([
      'write',
      '-field=token',
      'sys/mfa/validate',
      `mfa_request_id=${request}`,
      `mfa_payload=${payload}`,
    ])
    assert.equal(status, 0, stderr)
    assert.match(stdout, /^hvs\./)
  })
})
