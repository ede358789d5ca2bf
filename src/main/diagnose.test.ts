import assert from 'node:assert/strict'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { testIo } from '../../test/support/cli-io.ts'
import { tlsFile } from '../../test/support/listener.ts'
import { FakeClock, systemClock } from '../lib/clock.ts'
import { listenerDefaults, tlsDefaults, type TlsConfig } from '../listener/index.ts'
import { LmdbDriver } from '../storage/drivers/lmdb.ts'
import { checkAudit, checkConfiguration, checkListener, checkSeal, checkStorage } from './diagnose-checks.ts'
import { diagnoseCommand, examine, exitCode, table } from './diagnose.ts'

const root = mkdtempSync(join(tmpdir(), 'coffer-diagnose-'))
after(() => rmSync(root, { recursive: true }))
let count = 0

function configuration(text: string): string {
  const path = join(root, `${count++}.hcl`)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

const fresh = () => join(root, `data-${count++}`)
const LISTENER = 'listener "tcp" { tls_disable = true }\n'

function settingsFor(text: string) {
  const { settings } = checkConfiguration([configuration(text)])
  assert.ok(settings !== undefined)
  return settings
}

test('configuration: none, a good one, one with keys without effect, a bad one', () => {
  const outcome = (paths: readonly string[]) =>
    checkConfiguration(paths).findings.map(({ status, detail }) => [status, detail.split(root).join('')])
  assert.deepEqual(outcome([]), [['warn', 'none was given']])
  const good = configuration(`storage "inmem" {}\n${LISTENER}`)
  assert.deepEqual(outcome([good]), [['ok', `read ${good.split(root).join('')}`]])
  const useless = outcome([configuration(`storage "inmem" {}\n${LISTENER}ui = true`)])
  assert.deepEqual(
    useless.map(([status]) => status),
    ['ok', 'warn'],
  )
  assert.match(useless[1]?.[1] ?? '', /ui has no effect here/)
  const bad = checkConfiguration([configuration('uii = true\nmax_lease_ttl = "soon"')])
  assert.equal(bad.settings, undefined)
  assert.deepEqual(
    bad.findings.map(({ status }) => status),
    ['fail'],
  )
  assert.match(bad.findings[0]?.detail ?? '', /:1:1: unknown key "uii"[^\n]*\n[^\n]*:2:17: max_lease_ttl takes/)
})

test('seal: one of operators, one that works, one whose service is away', async () => {
  const check = async (seal: string) => {
    const [setting] = settingsFor(`storage "inmem" {}\n${LISTENER}${seal}`).seals
    assert.ok(setting !== undefined)
    return await checkSeal(setting, systemClock)
  }
  assert.equal((await check('seal "shamir" {}')).status, 'ok')
  const key = `current_key_id = "a"\n current_key = "${'ab'.repeat(32)}"`
  const works = await check(`seal "static" {\n ${key}\n}`)
  assert.deepEqual([works.area, works.status], ['seal static', 'ok'])
  const transit = 'address = "http://127.0.0.1:1"\n token = "canary"\n key_name = "k"'
  const away = await check(`seal "transit" {\n ${transit}\n}`)
  assert.equal(away.status, 'fail')
  assert.match(away.detail, /ECONNREFUSED/)
})

test('storage: in memory, not there yet, no folder, empty, there, in use, damaged', async () => {
  const at = (path: string) => checkStorage(settingsFor(`storage "lmdb" { path = "${path}" }\n${LISTENER}`))
  assert.equal((await checkStorage(settingsFor(`storage "inmem" {}\n${LISTENER}`))).status, 'warn')

  const path = fresh()
  const absent = await at(path)
  assert.deepEqual([absent.status, /does not exist yet/.test(absent.detail), existsSync(path)], ['ok', true, false])

  const file = configuration('')
  assert.match((await at(file)).detail, /is no folder/)

  mkdirSync(path, { mode: 0o700 })
  const empty = await at(path)
  assert.deepEqual([empty.status, /has no store yet/.test(empty.detail), readdirSync(path)], ['ok', true, []])

  const driver = new LmdbDriver({ path })
  const used = await at(path)
  assert.deepEqual([used.status, /in use by/.test(used.detail)], ['ok', true])
  await driver.close()
  assert.deepEqual(await at(path), { area: 'storage', status: 'ok', detail: `${path} opens`, advice: '' })

  writeFileSync(join(path, 'data.mdb'), Buffer.alloc(8192, 7))
  assert.equal((await at(path)).status, 'fail')
})

test(
  'a store of another user is not opened',
  { skip: process.getuid?.() !== 0 && 'only root can give a folder away' },
  async () => {
    const path = fresh()
    mkdirSync(path, { mode: 0o700 })
    chownSync(path, 12_345, 12_345)
    const { status, detail } = await checkStorage(settingsFor(`storage "lmdb" { path = "${path}" }\n${LISTENER}`))
    assert.deepEqual([status, /belongs to another user/.test(detail), readdirSync(path)], ['warn', true, []])
  },
)

const tls = (more: Partial<TlsConfig> = {}) => ({
  ...listenerDefaults,
  tls: { ...tlsDefaults, certFile: tlsFile('server.pem'), keyFile: tlsFile('server.key'), ...more },
})

test('listeners: in clear, a socket, and what can be wrong with certificates', async () => {
  const outcome = async (listener: Parameters<typeof checkListener>[0], year = 2030) => {
    const { status, detail } = await checkListener(listener, new FakeClock(Date.UTC(year, 0, 1)))
    return `${status}: ${detail}`
  }
  assert.match(await outcome(listenerDefaults), /^warn: TLS is disabled/)
  assert.match(await outcome({ ...listenerDefaults, type: 'unix', address: '/s' }), /^ok: a unix socket/)
  assert.match(await outcome(tls()), /^ok: the certificate is good for \d+ days$/)
  assert.match(await outcome(tls(), 2126), /^ok/)
  assert.match(await outcome(tls(), 2127), /^fail: the certificate ended/)
  assert.match(await outcome(tls(), 2020), /^fail: the certificate is not good before/)
  const soon = await checkListener(tls(), new FakeClock(Date.UTC(2126, 9, 20)))
  assert.deepEqual([soon.status, soon.detail], ['warn', 'the certificate ends in 9 days'])
  assert.match(await outcome(tls({ keyFile: tlsFile('client.key') })), /^fail: .*are not a certificate and its key$/)
  assert.match(await outcome(tls({ certFile: '/nonexistent' })), /^fail: tls_cert_file "\/nonexistent" cannot be read$/)
  assert.match(
    await outcome(tls({ requireAndVerifyClientCert: true, clientCaFile: tlsFile('server.key') })),
    /^fail: tls_client_ca_file .* holds no certificate$/,
  )
  assert.match(await outcome(tls({ cipherSuites: ['TLS_RSA_WITH_RC4_128_SHA'] })), /^fail: tls_cipher_suites/)
})

test('audit: none declared, one declared', () => {
  const device = `audit "file" "a" { options { file_path = "${join(root, 'audit.log')}" } }`
  assert.equal(checkAudit(settingsFor(`storage "inmem" {}\n${LISTENER}`)).status, 'warn')
  assert.deepEqual(checkAudit(settingsFor(`storage "inmem" {}\n${LISTENER}${device}`)).detail, '1 device(s) declared')
})

test('all of it, with the hardening of the process and the modes of the files', async () => {
  const path = configuration(`storage "inmem" {}\n${LISTENER}`)
  const areas = (await examine([path], new FakeClock())).map(({ area }) => area)
  assert.deepEqual(areas.slice(0, 4), ['configuration', 'storage', 'listener 127.0.0.1:8200', 'audit'])
  for (const check of ['core-dumps', 'swap', 'file-mode'])
    assert.ok(areas.includes(check), `${check} of ${areas.join(', ')}`)
  const none = await examine([], new FakeClock())
  assert.deepEqual(
    none.slice(0, 1).map(({ area, status }) => [area, status]),
    [['configuration', 'warn']],
  )
})

test('the exit code tells the worst of it', () => {
  const of = (...statuses: readonly ('ok' | 'warn' | 'fail')[]) => exitCode(statuses.map((status) => ({ status })))
  assert.deepEqual([of('ok', 'ok'), of('ok', 'warn'), of('warn', 'fail', 'ok')], [0, 2, 1])
})

test('the table has the advice below its finding', () => {
  const text = table([
    { area: 'a', status: 'ok', detail: 'fine', advice: '' },
    { area: 'long', status: 'fail', detail: 'one\ntwo', advice: 'mend it' },
  ])
  assert.equal(
    text,
    'Coffer diagnose\n\n[ ok ] a     fine\n[FAIL] long  one\n             two\n             → mend it\n',
  )
})

test('the command: help, a bad format, JSON', async () => {
  const help = testIo()
  assert.equal(await diagnoseCommand(['-h'], help.io), 0)
  assert.match(help.stdout(), /^Usage: coffer operator diagnose/)
  const bad = testIo()
  assert.equal(await diagnoseCommand(['-format=xml'], bad.io), 1)
  assert.equal(bad.stderr(), '-format takes table or json\n')
  const json = testIo()
  assert.equal(await diagnoseCommand([`-config=${configuration('x = 1')}`, '-format=json'], json.io), 1)
  const findings: unknown = JSON.parse(json.stdout())
  assert.ok(Array.isArray(findings) && findings.length > 5)
})
