/** The runtime and what comes with it: how the process is started, what it opens, what it is made of. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { guard } from '../../src/lib/secure/guarded.ts'
import { until } from '../support/callers.ts'
import { composedServer } from '../support/composed.ts'
import { at, textAt } from '../support/json.ts'
import { startServer, type TestServer } from '../support/server.ts'

const root = join(import.meta.dirname, '..', '..')
const onLinux = { skip: process.platform !== 'linux' && 'needs /proc' }
/** The server forbids its own user to look at its files; only root sees which ports they are. */
const seenByRoot = {
  skip: process.getuid?.() === 0 ? onLinux.skip : 'a hardened process shows its open files to root alone',
}

describe('a server’s process', () => {
  let server: TestServer
  before(async () => {
    server = await startServer()
  })
  after(() => server[Symbol.asyncDispose]())

  test('warns of a runtime without the security fixes, and says nothing of one that has them', () => {
    const [major = 0, minor = 0, patch = 0] = process.versions.node.split('.').map(Number)
    const fixed = major > 26 || (major === 26 && (minor > 13 || (minor === 13 && patch >= 1)))
    assert.equal(/lacks security fixes/.test(server.output), !fixed)
  })

  test('has the flags that close the debugger and the prototype, and no dump of its memory', onLinux, () => {
    const flags = readFileSync(`/proc/${server.child.pid}/cmdline`, 'utf8').split('\0')
    for (const flag of ['--disable-sigusr1', '--disable-proto=delete']) assert.ok(flags.includes(flag), flag)
    assert.ok(flags.some((flag) => flag.startsWith('--secure-heap=')))
    assert.ok(!flags.some((flag) => /inspect|snapshot-blob|report/.test(flag)))
    assert.match(readFileSync(`/proc/${server.child.pid}/limits`, 'utf8'), /^Max core file size +0 +0 /m)
  })

  test('listens at its address and nowhere else', seenByRoot, () => {
    // Once for each thread that serves there.
    assert.deepEqual([...new Set(listeningPorts(server))], [Number(new URL(server.address).port)])
  })

  test('opens no debugger at SIGUSR1', seenByRoot, async () => {
    await using other = await startServer({ storage: 'inmem' })
    other.child.kill('SIGUSR1')
    // Whether it lives on or ends, the port stays shut.
    const after = await until('what the signal did', () =>
      other.child.exitCode !== null || other.child.signalCode !== null ? [] : listeningPorts(other),
    )
    assert.ok(after.every((port) => port === Number(new URL(other.address).port)))
    assert.doesNotMatch(other.output, /Debugger/)
  })

  test('does not start with a debugger', () => {
    const child = spawnSync(
      join(root, 'bin', 'node'),
      ['--inspect=127.0.0.1:0', join(root, 'src', 'main.ts'), 'server', `-config=${join(server.folder, 'coffer.hcl')}`],
      { encoding: 'utf8', timeout: 20_000 },
    )
    assert.notEqual(child.status, 0)
    assert.match(child.stdout + child.stderr, /debugger/i)
  })

  test('says nothing of timers that overflow or promises that nobody noticed', async () => {
    for (const ttl of ['768h', '596h31m23s', 2 ** 31])
      await server.call('POST', 'auth/token/create', { ttl, policies: ['default'] })
    await server.call('GET', 'sys/health')
    assert.doesNotMatch(server.output, /TimeoutOverflowWarning|Warning:|nobody noticed/)
  })
})

test('whatever an engine throws is one request’s failure, told to the log alone', async () => {
  await using server = await composedServer()
  await server.call('POST', 'sys/mounts/kv', { type: 'kv' })
  const throws: readonly unknown[] = [
    new TypeError('canary'),
    'canary',
    undefined,
    null,
    { canary: true },
    Object.assign(new Error('canary'), { code: 'STORAGE_CONFLICT' }),
    new RangeError('canary'),
  ]
  for (const thrown of throws) {
    server.driver.plan({
      failGet: 1,
      error: () => {
        throw thrown
      },
    })
    const answer = await server.call('GET', 'kv/x')
    server.driver.plan({})
    assert.equal(answer.status, 500, answer.text)
    assert.ok(!answer.text.includes('canary'))
  }
  assert.equal((await server.call('POST', 'kv/x', { a: 1 })).status, 204)
})

test('a key that is guarded is not printed, copied or written out', () => {
  const key = guard(Buffer.from('canary-canary-canary-canary-1234'))
  const shown = [
    JSON.stringify(key),
    inspect(key, { depth: 9, showHidden: true }),
    String(Object.values(key)),
    JSON.stringify({ ...key }),
  ]
  for (const text of shown)
    assert.ok(!text.includes('canary') && !text.includes('99,97,110') && !text.includes('63 61 6e'), text)
  key.wipe()
})

describe('the packages it is made of', () => {
  const lock: unknown = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const packages = Object.entries(Object(at(lock, 'packages'))).filter(([name]) => name !== '')

  test('are fixed by their hashes and come from the registry', () => {
    assert.ok(packages.length > 20)
    for (const [name, info] of packages) {
      assert.match(String(at(info, 'integrity')), /^sha512-/, name)
      // The lock file leaves out where from, which is the registry.
      assert.match(
        textAt({ resolved: 'https://registry.npmjs.org/', ...Object(info) }, 'resolved'),
        /^https:\/\/registry\.npmjs\.org\//,
        name,
      )
    }
    const exact = {
      ...Object(at(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')), 'dependencies')),
      ...Object(at(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')), 'devDependencies')),
    }
    for (const [name, version] of Object.entries(exact)) assert.match(String(version), /^\d+\.\d+\.\d+$/, name)
  })

  test('run nothing when they are installed', () => {
    assert.match(readFileSync(join(root, '.npmrc'), 'utf8'), /^ignore-scripts=true$/m)
    // They bring their binaries along, so that their scripts need not run.
    assert.deepEqual(
      packages.filter(([, info]) => at(info, 'hasInstallScript') === true).map(([name]) => name),
      // Those of pkcs11js and protobufjs do not run either: the one is built by whoever has an HSM, the other only warns.
      [
        'node_modules/bcrypt',
        'node_modules/lmdb',
        'node_modules/msgpackr-extract',
        'node_modules/pkcs11js',
        'node_modules/protobufjs',
      ],
    )
  })

  test('are those that were looked at, and few', () => {
    const direct = Object.keys(Object(at(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')), 'dependencies')))
    assert.deepEqual(direct, [
      '@bufbuild/cel',
      '@bufbuild/protobuf',
      '@grpc/grpc-js',
      '@peculiar/x509',
      '@redis/client',
      'bcrypt',
      'croner',
      'jose',
      'lmdb',
      'mysql2',
      'openpgp',
      'otpauth',
      'pg',
      'qr',
      'reflect-metadata',
      'sodium-native',
      'ws',
    ])
    const running = packages
      .filter(([, info]) => at(info, 'dev') !== true && at(info, 'optional') !== true)
      .map(([name]) => name.replace('node_modules/', ''))
    assert.deepEqual(
      running,
      readFileSync(join(import.meta.dirname, 'packages.txt'), 'utf8')
        .trim()
        .split('\n'),
      'a package that joins them is put there once somebody has looked at it',
    )
  })

  test('are used by the rooms that may: processes, sockets and workers have their places', () => {
    const MAY: Readonly<Record<string, RegExp>> = {
      'node:child_process': /^$/,
      'node:net':
        /^(audit\/devices\/(stream-wire|udp-wire|outward)|listener|cli|cluster|lib\/(cidr|postgres-tls)|events\/webhooks\/destination|engines\/secrets\/database\/plugins\/mysql\.|storage\/drivers\/(etcd|postgres)-)/,
      'node:tls': /^(listener|cli|cluster|lib\/postgres-url|storage\/drivers\/(etcd|postgres)-)/,
      'node:http': /^(cluster|audit\/devices\/http-sink|events\/webhooks\/send|listener|cli|seal\/auto\/json-client)/,
      'node:https': /^(cluster|audit\/devices\/http-sink|events\/webhooks\/send|listener|cli|seal\/auto\/json-client)/,
      'node:http2': /^$/,
      'node:dgram': /^audit\/devices\/udp-wire/,
      // A context in which the collector can be called, and nothing else.
      'node:vm': /^lib\/secure\/openssl-heap/,
      'node:dns': /^(audit\/devices\/outward|events\/webhooks\/destination)/,
      'node:inspector': /^(core\/hardening)/,
      'node:inspector/promises': /^lib\/observe\/profile/,
      'node:worker_threads': /^(main\/threads\/|seal\/auto\/pkcs11)/,
      'node:ffi': /^lib\/secure/,
    }
    let read = 0
    for (const file of globSync('**/*.ts', { cwd: join(root, 'src') }).filter((name) => !name.endsWith('.test.ts'))) {
      const text = readFileSync(join(root, 'src', file), 'utf8')
      read++
      for (const [module, places] of Object.entries(MAY)) {
        if (
          new RegExp(`^import (?!type)[^\\n]*'${module}'|import\\('${module}|getBuiltinModule\\('${module}'`, 'm').test(
            text,
          )
        )
          assert.match(file, places, `${file} imports ${module}`)
      }
      assert.doesNotMatch(text, /\beval\(|new Function\(|\bMath\.random\(/, file)
    }
    assert.ok(read > 200)
  })

  test('compare no secret with ===', () => {
    const NAMED =
      /(?<![\w.])(?:[\w.]*\.)?(?:token|mac|hmac|secret|otp|nonce|share|signature|password)(?:Id)? (?:===|!==) (?!undefined|null|''|true|false|\d)|(?:===|!==) (?:[\w.]*\.)?(?:token|mac|hmac|secret|otp|nonce|share|signature|password)\b(?!\()/
    // The spelling of a token that was authenticated already; cached objects, by identity; the command line, where both are its user's.
    const FINE = [
      'auth/batch-token.ts',
      'auth/token-cache.ts',
      'cli/commands/token/capabilities.ts',
      'cli/commands/unwrap.ts',
      // Whether the server's own token for its storage was replaced meanwhile: nobody else's is compared with it.
      'storage/drivers/etcd-client.ts',
    ]
    const found: string[] = []
    for (const file of globSync('**/*.ts', { cwd: join(root, 'src') }).filter((name) => !name.endsWith('.test.ts'))) {
      const lines = readFileSync(join(root, 'src', file), 'utf8').split('\n')
      for (const line of lines) if (NAMED.test(line)) found.push(file)
    }
    assert.deepEqual([...new Set(found)].toSorted(), FINE)
  })
})

/** TCP ports on which a process listens. */
function listeningPorts(server: TestServer): number[] {
  const folder = `/proc/${server.child.pid}/fd`
  const sockets = new Set(
    readdirSync(folder).map((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(join(folder, fd)))?.[1]
      } catch {
        return undefined
      }
    }),
  )
  const ports: number[] = []
  for (const table of ['tcp', 'tcp6']) {
    for (const line of readFileSync(`/proc/${server.child.pid}/net/${table}`, 'utf8').split('\n').slice(1)) {
      const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/)
      if (state === '0A' && sockets.has(inode)) ports.push(Number.parseInt(local.split(':')[1] ?? '', 16))
    }
  }
  return ports
}
