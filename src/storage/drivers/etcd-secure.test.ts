/** TLS, users, and what errors and logs give away. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { noEtcd, TestEtcd } from '../../../test/support/etcd.ts'
import { at, BLIND, textOf, withCode, writes } from '../../../test/support/driver-words.ts'
import { etcdOptions, newPath, until } from '../../../test/support/etcd-drivers.ts'
import { systemClock } from '../../lib/clock.ts'
import { createLogger, LogLevels, type LogSink } from '../../lib/observe/index.ts'
import { type EtcdOptions, openEtcd } from './etcd.ts'

const CANARY = 'canary-7f3a'
const pem = (name: string): string => join(import.meta.dirname, '../../../test/support/tls', name)
const CA = { caFile: pem('ca.pem') }
const CLIENT = { certFile: pem('client.pem'), keyFile: pem('client.key') }

/** What it rejects with, as deep as it goes. */
async function failureOf(options: EtcdOptions, code: string): Promise<string> {
  const error = await openEtcd(options).then(
    () => assert.fail('it opened'),
    (reason: unknown) => reason,
  )
  assert.ok(withCode(code)(error), inspect(error))
  return inspect(error, { depth: null, showHidden: true })
}

describe('etcd over TLS', { skip: noEtcd }, () => {
  let etcd: TestEtcd
  before(async () => {
    etcd = await TestEtcd.start({
      tls: { cert: pem('server.pem'), key: pem('server.key'), ca: pem('ca.pem') },
    })
  })
  after(() => etcd[Symbol.asyncDispose]())

  it('shows a client certificate, and checks the name of the server', async () => {
    const path = newPath()
    for (const tls of [
      { ...CA, ...CLIENT },
      { ...CA, ...CLIENT, serverName: 'localhost' },
    ]) {
      const driver = await openEtcd(etcdOptions(etcd.address, path, { tls, haEnabled: false }))
      await driver.commit(BLIND, writes({ a: '1' }))
      assert.equal(await at(driver, (snapshot) => textOf(snapshot, 'a')), '1')
      await driver.close()
    }
  })

  it('talks to nobody whose certificate it cannot trust', async () => {
    const wrong = [
      { caFile: pem('stranger.pem'), ...CLIENT },
      { ...CLIENT },
      { ...CA, ...CLIENT, serverName: 'other.example' },
    ]
    for (const tls of wrong) {
      const failure = await failureOf(
        etcdOptions(etcd.address, newPath(), { tls, requestTimeout: 1000 }),
        'STORAGE_UNAVAILABLE',
      )
      assert.match(failure, /certificate|altnames/i)
    }
  })

  it('is refused without a certificate that the server trusts', async () => {
    for (const tls of [CA, { ...CA, certFile: pem('stranger.pem'), keyFile: pem('stranger.key') }]) {
      const options = etcdOptions(etcd.address, newPath(), { tls, requestTimeout: 1000 })
      await failureOf(options, 'STORAGE_UNAVAILABLE')
    }
  })

  it('says which file cannot be read, and shows nothing of one that is no certificate', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'coffer-pem-'))
    const absent = etcdOptions(etcd.address, newPath(), { tls: { caFile: join(folder, 'absent.pem') } })
    assert.match(await failureOf(absent, 'STORAGE_CANNOT_OPEN'), /absent\.pem/)
    const broken = join(folder, 'broken.pem')
    writeFileSync(broken, `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----\n`)
    const options = etcdOptions(etcd.address, newPath(), { tls: { ...CA, certFile: CLIENT.certFile, keyFile: broken } })
    assert.ok(!(await failureOf(options, 'STORAGE_CANNOT_OPEN')).includes(CANARY))
    await failureOf(etcdOptions(etcd.address, newPath(), { tls: { certFile: CLIENT.certFile } }), 'STORAGE_CANNOT_OPEN')
    rmSync(folder, { recursive: true })
  })
})

describe('etcd with users', { skip: noEtcd }, () => {
  let etcd: TestEtcd
  const lines: string[] = []
  const sink: LogSink = { write: (line) => void lines.push(line) }
  const log = createLogger({ levels: new LogLevels('trace'), format: 'json', sinks: [sink], clock: systemClock })
  const coffer = { username: 'coffer', password: CANARY, log }

  before(async () => {
    // Tokens that are forgotten soon.
    etcd = await TestEtcd.start({ options: { 'auth-token-ttl': '1' } })
    etcd.ctl('user', 'add', 'root:root-password')
    etcd.ctl('user', 'grant-role', 'root', 'root')
    etcd.ctl('role', 'add', 'coffer')
    etcd.ctl('role', 'grant-permission', 'coffer', '--prefix=true', 'readwrite', 'mine/')
    etcd.ctl('user', 'add', `coffer:${CANARY}`)
    etcd.ctl('user', 'grant-role', 'coffer', 'coffer')
    etcd.ctl('auth', 'enable')
  })
  after(() => etcd[Symbol.asyncDispose]())

  it('needs no more than its own path, and asks for a new token when one is forgotten', async () => {
    const driver = await openEtcd(etcdOptions(etcd.address, 'mine/', { ...coffer, haEnabled: false }))
    await driver.commit(BLIND, writes({ a: '1' }))
    await etcd.kill()
    await etcd.start()
    await until(async () => {
      await driver.commit(BLIND, writes({ a: '2' })).catch(() => undefined)
      return (await at(driver, (snapshot) => textOf(snapshot, 'a')).catch(() => undefined)) === '2'
    })
    await driver.close()
  })

  it('gives no password away', async () => {
    const wrong = { ...coffer, password: `${CANARY}-wrong`, requestTimeout: 1000 }
    const failures = [
      await failureOf(etcdOptions(etcd.address, 'mine/', wrong), 'STORAGE_UNAVAILABLE'),
      await failureOf(etcdOptions(etcd.address, 'other/', { ...coffer, requestTimeout: 1000 }), 'STORAGE_UNAVAILABLE'),
      await failureOf(etcdOptions(`http://u:${CANARY}@127.0.0.1:${etcd.port}`, 'mine/'), 'STORAGE_CANNOT_OPEN'),
      await failureOf(etcdOptions(`gopher://${CANARY}:70`, 'mine/'), 'STORAGE_CANNOT_OPEN'),
      await failureOf(etcdOptions(`u:${CANARY}@127.0.0.1:${etcd.port}`, 'mine/'), 'STORAGE_CANNOT_OPEN'),
    ]
    for (const failure of failures) assert.ok(!failure.includes(CANARY), failure)
    const driver = await openEtcd(etcdOptions(etcd.address, 'mine/', { ...coffer, requestTimeout: 500 }))
    etcd.freeze()
    await until(() => lines.some((line) => line.includes('does not answer')))
    etcd.thaw()
    await until(() => lines.some((line) => line.includes('answers again')))
    assert.ok(!inspect(driver, { depth: null, showHidden: true }).includes(CANARY))
    await driver.close()
    assert.ok(lines.length > 0 && lines.every((line) => !line.includes(CANARY)))
  })
})
