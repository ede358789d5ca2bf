/** The commands of the guide and of the pages on backups, clusters and engines, run as they stand; the stanzas, read as a server does. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { deviceTypes } from '../../src/audit/devices/registry.ts'
import { parseSettings } from '../../src/audit/settings.ts'
import { loadConfig } from '../../src/config/index.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { noEtcd, TestEtcd } from '../support/etcd.ts'
import { request } from '../support/http.ts'
import { PASSWORD, startPostgres, withoutPostgres } from '../support/postgres.ts'
import { coffer, freePort } from '../support/server.ts'

function blocksOf(page: string, language: 'sh' | 'hcl'): readonly string[] {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', page), 'utf8')
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map((match) => match[1] ?? '')
}

const hasCurl = spawnSync('curl', ['--version']).status === 0

const pages = [
  'guide.md',
  'backup.md',
  'identity.md',
  'identity-tokens.md',
  'totp.md',
  'log-in.md',
  'mfa.md',
  'transit.md',
  'namespaces.md',
  'key-ceremonies.md',
  'as-code.md',
  'audit.md',
  'quotas.md',
  'control-groups.md',
  'policy-expressions.md',
  'events.md',
  'operations.md',
]

/** Each page has a server of its own, as it says. */
for (const page of pages) {
  describe(page, () => {
    const home = mkdtempSync(join(tmpdir(), 'coffer-docs-'))
    let address = ''
    let stop = (): void => {}

    before(async () => {
      const port = await freePort()
      address = `http://127.0.0.1:${port}`
      const child = spawn(
        coffer,
        ['server', '-dev', '-dev-root-token-id=guide', `-dev-listen-address=127.0.0.1:${port}`, '-dev-no-store-token'],
        { stdio: 'ignore', env: { ...process.env, HOME: home } },
      )
      stop = () => void child.kill('SIGKILL')
      for (let attempt = 0; attempt < 2000; attempt++) {
        const health = await request(address, 'GET', '/v1/sys/health').catch(() => undefined)
        if (health?.status === 200) return
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      throw new Error('the development server did not answer')
    })
    after(() => {
      stop()
      rmSync(home, { recursive: true, force: true })
    })

    const blocks = blocksOf(page, 'sh')
    test('has blocks', () => assert.ok(blocks.length > 0))

    for (const block of blocks) {
      test(block.split('\n')[0] ?? '', (t) => {
        if (block.includes('curl ') && !hasCurl) return t.skip('needs curl: apt-get install curl')
        const env = {
          PATH: `${dirname(coffer)}:${process.env['PATH'] ?? ''}`,
          HOME: home,
          VAULT_ADDR: address,
          VAULT_TOKEN: 'guide',
        }
        const done = spawnSync('sh', ['-e', '-c', block], { encoding: 'utf8', env })
        assert.equal(done.status, 0, `${done.stdout}\n${done.stderr}`)
      })
    }
  })
}

test('docs/log-in.md: the stanzas are such as a server takes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-docs-'))
  const path = join(folder, 'coffer.hcl')
  const stanzas = blocksOf('log-in.md', 'hcl').join('\n')
  writeFileSync(path, `storage "inmem" {}\nlistener "tcp" {\n  tls_disable = true\n}\n${stanzas}`)
  const { config, warnings } = loadConfig([path])
  assert.deepEqual(
    config.lockouts.map(({ type }) => type),
    ['all', 'approle'],
  )
  assert.deepEqual(warnings, [])
  rmSync(folder, { recursive: true, force: true })
})

test('docs/namespaces.md: the stanza is such as a server takes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-docs-'))
  const path = join(folder, 'coffer.hcl')
  const stanzas = blocksOf('namespaces.md', 'hcl').join('\n')
  writeFileSync(path, `storage "inmem" {}\nlistener "tcp" {\n  tls_disable = true\n}\n${stanzas}`)
  const { config, warnings } = loadConfig([path])
  assert.equal(config.administrativeNamespacePath, 'admin')
  assert.equal(config.administrativeNamespaceEndpoints.length, 4)
  assert.deepEqual(warnings, [])
  rmSync(folder, { recursive: true, force: true })
})

test('docs/as-code.md: the stanza of a first start is one that a server takes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-docs-'))
  const path = join(folder, 'coffer.hcl')
  const stanzas = blocksOf('as-code.md', 'hcl').filter((block) => block.startsWith('seal'))
  assert.equal(stanzas.length, 1)
  writeFileSync(join(folder, 'unseal.key'), Buffer.alloc(32, 'k'), { mode: 0o600 })
  const here = stanzas.join('\n').replaceAll('/etc/coffer/', `${folder}/`)
  writeFileSync(path, `storage "inmem" {}\nlistener "tcp" {\n  tls_disable = true\n}\n${here}`, { mode: 0o600 })
  const { config, warnings } = loadConfig([path])
  assert.deepEqual(
    config.initializes.map(({ name, requests }) => [name, requests.length]),
    [['access', 3]],
  )
  assert.deepEqual(warnings, [])
  rmSync(folder, { recursive: true })
})

test('docs/audit.md: every stanza is one that a server takes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-docs-'))
  const path = join(folder, 'coffer.hcl')
  const stanzas = blocksOf('audit.md', 'hcl').join('\n')
  writeFileSync(path, `storage "inmem" {}\nlistener "tcp" {\n  tls_disable = true\n}\n${stanzas}`)
  const { config, warnings } = loadConfig([path])
  assert.deepEqual(warnings, [])
  assert.deepEqual(
    config.audits.map(({ type }) => type),
    ['file', 'syslog', 'syslog', 'socket', 'http'],
  )
  for (const { type, options } of config.audits) {
    const device = deviceTypes.get(type)
    assert.ok(device !== undefined)
    parseSettings(options, device)
    device.sink(options, { clock: systemClock, forbiddenFolders: [], declared: true })
  }
  rmSync(folder, { recursive: true, force: true })
})

test('docs/seals.md: every stanza is one that a server takes', () => {
  const stanzas = blocksOf('seals.md', 'hcl')
  assert.ok(stanzas.length >= 7)
  const folder = mkdtempSync(join(tmpdir(), 'coffer-docs-'))
  process.env['HSM_PIN'] = '654321'
  for (const name of ['unseal-1.key', 'unseal-2.key', 'transit.token'])
    writeFileSync(join(folder, name), Buffer.alloc(32, 'k'), { mode: 0o600 })
  for (const [index, stanza] of stanzas.entries()) {
    const path = join(folder, `${index}.hcl`)
    const here = stanza.replaceAll('/etc/coffer/', `${folder}/`)
    writeFileSync(path, `storage "inmem" {}\nlistener "tcp" {\n  tls_disable = true\n}\n${here}`)
    const { config, warnings } = loadConfig([path])
    assert.equal(config.seals.length, 1, stanza)
    assert.deepEqual(warnings, [])
  }
  rmSync(folder, { recursive: true })
})

describe('docs/high-availability.md', () => {
  const page = 'high-availability.md'
  const STORAGE = /^storage "postgresql" \{\n[^}]*^\}$/m

  test('every configuration is one that a node takes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'coffer-docs-'))
    const [postgresql = '', etcd = '', ...more] = blocksOf(page, 'hcl')
    assert.deepEqual(more, [])
    for (const text of [postgresql, postgresql.replace(STORAGE, etcd)]) {
      const path = join(folder, 'coffer.hcl')
      writeFileSync(path, text, { mode: 0o600 })
      const { config, warnings } = loadConfig([path])
      assert.ok('haEnabled' in config.storage && config.storage.haEnabled, text)
      assert.equal(config.clusterAddr, 'https://node-1.example:8201')
      assert.deepEqual(warnings, [])
    }
    rmSync(folder, { recursive: true })
  })

  /** One shell for all blocks. Its servers end with it, whatever comes of it. */
  async function follow(databaseUrl: string, storage?: string): Promise<void> {
    const home = mkdtempSync(join(tmpdir(), 'coffer-docs-'))
    const whole = blocksOf(page, 'sh').join('\n')
    assert.match(whole, STORAGE)
    const script = (storage === undefined ? whole : whole.replace(STORAGE, storage)).replaceAll(
      /\b82(\d|\$\{?\w+\}?|\$\(leader\))0\b/g,
      `${await freeHundreds()}$10`,
    )
    const env = { PATH: `${dirname(coffer)}:${process.env['PATH'] ?? ''}`, HOME: home, DATABASE_URL: databaseUrl }
    const child = spawn('sh', ['-e', '-x', '-c', script], { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    const end = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      } catch {
        // All of them have ended.
      }
    }
    const timer = setTimeout(end, 120_000)
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()))
    const [status] = await once(child, 'close')
    clearTimeout(timer)
    end()
    const logs = () => [1, 2, 3].map((node) => readFileSync(join(home, 'tour', `node-${node}.log`), 'utf8')).join('\n')
    assert.equal(status, 0, `${said}\n${status === 0 ? '' : logs()}`)
    rmSync(home, { recursive: true })
  }

  test('its tour of a cluster, on PostgreSQL', { skip: withoutPostgres() }, async () => {
    await using postgres = await startPostgres()
    await follow(postgres.url())
  })

  test('its tour of a cluster, on etcd', { skip: noEtcd }, async () => {
    await using etcd = await TestEtcd.start()
    await follow('', `storage "etcd" {\n address = "${etcd.address}"\n ha_enabled = true\n lock_timeout = "3s"\n}`)
  })
})

test('docs/database.md: its tour, on PostgreSQL', { skip: withoutPostgres() }, async () => {
  await using postgres = await startPostgres()
  await postgres.sql(`CREATE ROLE report LOGIN PASSWORD 'before'`)
  const home = mkdtempSync(join(tmpdir(), 'coffer-docs-'))
  const address = `127.0.0.1:${await freePort()}`
  const server = spawn(
    coffer,
    ['server', '-dev', '-dev-root-token-id=guide', `-dev-listen-address=${address}`, '-dev-no-store-token'],
    { stdio: 'ignore', env: { ...process.env, HOME: home } },
  )
  try {
    const env = {
      PATH: `${dirname(coffer)}:${process.env['PATH'] ?? ''}`,
      HOME: home,
      VAULT_ADDR: `http://${address}`,
      VAULT_TOKEN: 'guide',
      PGPORT: String(postgres.port),
      PGPASSWORD: PASSWORD,
    }
    const wait = 'until coffer status >/dev/null 2>&1; do sleep 0.2; done'
    const script = [wait, ...blocksOf('database.md', 'sh')].join('\n')
    const child = spawn('sh', ['-e', '-x', '-c', script], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const timer = setTimeout(() => child.kill('SIGKILL'), 120_000)
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()))
    const [status] = await once(child, 'close')
    clearTimeout(timer)
    assert.equal(status, 0, said)
  } finally {
    server.kill('SIGKILL')
    rmSync(home, { recursive: true, force: true })
  }
})

/** What the ports of three nodes can begin with in place of the page's `82`. */
async function freeHundreds(): Promise<number> {
  for (;;) {
    const hundreds = randomInt(110, 320)
    const free = await Promise.all([10, 11, 20, 21, 30, 31].map((rest) => isFree(hundreds * 100 + rest)))
    if (free.every(Boolean)) return hundreds
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
