import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import fc from 'fast-check'
import type { LoadResult } from './index.ts'
import { ConfigError, loadConfig, problemText } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'coffer-config-'))
after(() => rmSync(folder, { recursive: true }))
let count = 0

function write(text: string, extension = 'hcl', mode = 0o600): string {
  const path = join(folder, `c${count++}.${extension}`)
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

const MINIMAL = 'storage "inmem" {}\nlistener "tcp" { tls_disable = true }\n'
const load = (...texts: readonly string[]): LoadResult =>
  loadConfig(texts.map((text) => write(text, text.startsWith('{') ? 'json' : 'hcl')))

/** Each problem as `line:column: message`, without the file. */
function problems(...texts: readonly string[]): readonly string[] {
  try {
    load(...texts)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    assert.equal(error.messages.length, error.problems.length)
    return error.problems.map((problem) => problemText({ ...problem, file: '' }))
  }
  return []
}

describe('loadConfig', () => {
  it('fills in defaults', () => {
    const { config, warnings } = load(`${MINIMAL}cluster_name = ""`)
    assert.deepEqual(config.storage, { type: 'inmem' })
    assert.deepEqual(
      [config.defaultLeaseTtl, config.maxLeaseTtl, config.logLevel, config.rawStorageEndpoint, config.clusterName],
      [2_764_800, 2_764_800, 'info', false, undefined],
    )
    const [listener] = config.listeners
    assert.ok(listener?.type === 'tcp')
    assert.deepEqual(
      [listener.address, listener.maxRequestSize, listener.httpIdleTimeout, listener.tlsMinVersion],
      ['127.0.0.1:8200', 33_554_432, 300_000, 'tls12'],
    )
    assert.equal(listener.telemetry.unauthenticatedMetricsAccess, false)
    assert.equal(listener.xForwardedForRejectNotPresent, true)
    assert.equal(config.telemetry.prometheusRetentionTime, 86_400)
    assert.deepEqual(warnings, [])
    assert.ok(Object.isFrozen(config) && Object.isFrozen(listener) && Object.isFrozen(config.telemetry))
  })

  it('reads a production configuration as it is written for Vault', () => {
    const { config, warnings } = load(`
      ui = "true"
      raw_storage_endpoint = "true"
      disable_mlock = true
      cluster_name = "main"
      api_addr = "https://vault.example:8200"
      cluster_addr = "https://10.0.0.1:8201"
      default_lease_ttl = "24h"
      max_lease_ttl = 2764800
      log_level = "Warning"
      plugin_directory = "/opt/plugins"
      backend "file" { path = "/var/lib/coffer" }
      seal "shamir" {}
      listener "tcp" {
        address = "[::]:8200"
        cluster_address = "[::]:8201"
        tls_cert_file = "/etc/coffer/cert.pem"
        tls_key_file = "/etc/coffer/key.pem"
        tls_cipher_suites = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
        tls_require_and_verify_client_cert = "1"
        tls_client_ca_file = "/etc/coffer/ca.pem"
        x_forwarded_for_authorized_addrs = "10.1.0.0/16, 10.2.0.1"
        x_forwarded_for_hop_skips = "1"
        x_forwarded_for_reject_not_present = false
        max_request_size = "1MiB"
        max_request_duration = "1m30s"
        http_read_timeout = "500s"
        telemetry { unauthenticated_metrics_access = true }
        custom_response_headers {
          "default" = { "X-Frame-Options" = ["DENY"], "Strict-Transport-Security" = ["max-age=1", "includeSubDomains"] }
          "4xx" = { "X-Oops" = ["yes"] }
        }
      }
      listener "unix" { address = "/run/coffer.sock" socket_mode = "0660" socket_group = "coffer" }
      telemetry { disable_hostname = true prometheus_retention_time = "30s" }
      audit "file" "to-disk" { description = "d" options { file_path = "/var/log/audit.log" log_raw = true } }
      user_lockout "userpass" { lockout_threshold = "3" lockout_duration = "10m" }
    `)
    assert.deepEqual(
      [config.rawStorageEndpoint, config.clusterName, config.defaultLeaseTtl, config.logLevel],
      [true, 'main', 86_400, 'warn'],
    )
    assert.deepEqual(config.storage, { type: 'lmdb', path: '/var/lib/coffer' })
    const [tcp, unix] = config.listeners
    assert.ok(tcp?.type === 'tcp' && unix?.type === 'unix')
    assert.deepEqual(tcp.xForwardedForAuthorizedAddrs, ['10.1.0.0/16', '10.2.0.1'])
    assert.deepEqual(
      [tcp.xForwardedForHopSkips, tcp.xForwardedForRejectNotPresent, tcp.xForwardedForRejectNotAuthorized],
      [1, false, true],
    )
    assert.deepEqual([tcp.maxRequestSize, tcp.maxRequestDuration, tcp.httpReadTimeout], [1_048_576, 90_000, 500_000])
    assert.equal(tcp.tlsCipherSuites.length, 2)
    assert.equal(tcp.tlsRequireAndVerifyClientCert, true)
    assert.equal(
      tcp.customResponseHeaders.get('default')?.get('Strict-Transport-Security'),
      'max-age=1; includeSubDomains',
    )
    assert.deepEqual([unix.socketMode, unix.socketGroup, unix.socketUser], [0o660, 'coffer', undefined])
    const [audit] = config.audits
    assert.deepEqual([audit?.type, audit?.path, audit?.options.get('log_raw')], ['file', 'to-disk/', 'true'])
    assert.deepEqual(config.lockouts, [
      {
        type: 'userpass',
        lockoutThreshold: 3,
        lockoutDuration: 600,
        lockoutCounterReset: undefined,
        disableLockout: undefined,
      },
    ])
    assert.equal(config.clusterAddr, 'https://10.0.0.1:8201')
    assert.deepEqual(
      warnings.map((warning) => warning.message.split(' has no effect here: ')),
      [
        ['ui', 'there is no web UI yet'],
        ['disable_mlock', 'the memory that holds keys is always locked, the rest of the process never'],
        ['plugin_directory', 'engines are built in; there are no external plugins'],
      ],
    )
  })

  it('reads the same in JSON', () => {
    const { config } = load(
      JSON.stringify({
        raw_storage_endpoint: true,
        storage: { lmdb: { path: '/data' } },
        listener: [
          { tcp: { address: ':8200', tls_disable: 'true', custom_response_headers: { 200: { 'X-A': ['b'] } } } },
          { unix: { address: '/s', socket_mode: '600' } },
        ],
        audit: [{ file: { 'to-stdout': { options: { file_path: 'stdout' } } } }],
        telemetry: { disable_hostname: true },
      }),
    )
    assert.deepEqual(
      config.listeners.map((listener) => listener.address),
      [':8200', '/s'],
    )
    assert.deepEqual(
      [config.audits[0]?.path, config.telemetry.disableHostname, config.storage],
      ['to-stdout/', true, { type: 'lmdb', path: '/data' }],
    )
  })

  it('says everything that is wrong at once, each with its place', () => {
    assert.deepEqual(
      problems(`${MINIMAL}uii = true
cluster_name = "a"
cluster_name = "b"
max_lease_ttl = "soon"
listener "tcp" {
  adress = "x"
  tls_min_version = "tls10"
  address = "nonsense"
  tls_disable = true
}
telemetry { statsd_address = "x" }
seal "awskm" {}
storage_x "y" {}`),
      [
        '3:1: unknown key "uii"; did you mean "ui"?',
        '5:1: the key "cluster_name" is given a second time',
        '6:17: max_lease_ttl takes a duration such as "90s", "1h30m" or 3600',
        '7:1: address takes a host and a port such as "127.0.0.1:8200" or "[::]:8200"',
        '8:3: unknown key "adress" in listener "tcp"; did you mean "address"?',
        '9:21: tls_min_version takes one of tls12, tls13',
        '13:13: statsd_address in telemetry is not supported: this server is scraped at sys/metrics; it sends metrics to nobody',
        '14:6: seal "awskm" is not supported: it takes "shamir", "static", "transit", "awskms", "azurekeyvault", "gcpckms", "pkcs11"; did you mean "awskms"?',
        '15:1: unknown key "storage_x"; did you mean "storage"?',
      ],
    )
  })

  const single: readonly (readonly [text: string, sentence: RegExp])[] = [
    [
      'storage "raft" { path = "x" }',
      /^1:9: storage "raft" is not supported: it takes "lmdb", "inmem", "postgresql", "etcd", "file"/,
    ],
    ['storage "lmdb" {}', /needs path/],
    ['storage "inmem" {}\nstorage "inmem" {}', /^2:1: only one storage stanza/],
    ['storage "inmem" { path = "x" }', /unknown key "path" in storage "inmem"/],
    ['ha_storage "raft" {}', /ha_storage is not supported/],
    ['service_registration "consul" {}', /not supported/],
    ['listener "http" {}', /listener "http" is not supported: it takes "tcp", "unix"/],
    ['listener "tcp" {}', /needs tls_cert_file and tls_key_file, or tls_disable = true/],
    ['listener {}', /listener takes "type" and an object/],
    ['listener "tcp" = 1', /nested object expected/],
    [
      'listener "tcp" { tls_disable = true tls_require_and_verify_client_cert = true }',
      /cannot be met with tls_disable/,
    ],
    [
      'listener "tcp" { tls_disable = true }\nlistener "tcp" { tls_disable = true }',
      /^2:1: there is another listener with the address "127.0.0.1:8200"/,
    ],
    ['listener "tcp" { tls_disable = true http_read_timeout = "1s" }', /cannot be shorter/],
    [
      'listener "tcp" { tls_disable = true proxy_protocol_behavior = "allow_authorized" }',
      /needs proxy_protocol_authorized_addrs/,
    ],
    ['listener "tcp" { tls_disable = true x_forwarded_for_authorized_addrs = "10.0.0.0/33" }', /not "10.0.0.0\/33"/],
    ['listener "tcp" { tls_disable = "maybe" }', /^1:32: tls_disable takes true or false/],
    ['listener "tcp" { tls_disable = true tls_acme_email = "x" }', /ACME/],
    ['listener "tcp" { tls_disable = true custom_response_headers { "600" = { } } }', /"600" is no status/],
    [
      'listener "tcp" { tls_disable = true custom_response_headers { "200" = { "X-Vault-A" = ["b"] } } }',
      /belong to the server/,
    ],
    [
      'listener "tcp" { tls_disable = true custom_response_headers { "200" = { "X-A" = ["b\\r\\nc"] } } }',
      /printable ASCII/,
    ],
    ['listener "unix" { address = "/s" socket_mode = "999" }', /permissions such as/],
    ['listener "unix" { address = "/s" tls_cert_file = "x" }', /unknown key "tls_cert_file"/],
    ['audit "file" "a" {}', /needs file_path/],
    ['audit "file" {}', /audit takes "type" "path" and an object/],
    [
      'audit "file" "a" { options { file_path = "x" } }\naudit "file" "/a/" { options { file_path = "y" } }',
      /another audit device with the path "a\/"/,
    ],
    ['audit "file" "a" { options { file_path = [] } }', /"file_path" takes a string/],
    ['user_lockout "ssh" {}', /user_lockout takes one of/],
    ['user_lockout "all" { lockout_treshold = 0 }', /did you mean "lockout_threshold"/],
    ['seal "shamir" { x = 1 }', /unknown key "x" in seal "shamir"/],
    ['telemetry {}\ntelemetry {}', /^2:1: only one telemetry/],
    ['log_rotate_max_files = 1.5', /whole number/],
    ['max_lease_ttl = -1', /duration/],
    ['log_format = "xml"', /one of standard, json/],
    ['log_rotate_bytes = "1XB"', /a size such as/],
    ['log_file = ["a"]', /takes a string/],
    ['pid_file "x" {}', /takes no label/],
    ['initialize "a" {}', /needs a seal that opens by itself/],
    ['ui = true @', /^1:11: illegal character/],
    ['pid_file = "env://COFFER_TEST_NOT_SET"', /^1:12: the environment has no variable COFFER_TEST_NOT_SET/],
    ['pid_file = "file:///dev/null/secret"', /cannot be read \(ENOTDIR\)/],
    ['default_lease_ttl = "1000h"', /default_lease_ttl is above max_lease_ttl/],
  ]
  for (const [text, sentence] of single) {
    it(`refuses ${text.split('\n').at(-1)}`, () => {
      const storage = /^storage "|\nstorage "/.test(text) ? '' : '\nstorage "inmem" {}'
      const listener = text.includes('listener') ? '' : '\nlistener "tcp" { tls_disable = true }'
      const found = problems(text + storage + listener)
      assert.ok(
        found.some((one) => sentence.test(one)),
        found.join('\n') || 'accepted',
      )
    })
  }

  it('lets a shorter maximum shorten the default lifetime', () => {
    assert.equal(load(`${MINIMAL}max_lease_ttl = "24h"`).config.maxLeaseTtl, 86_400)
  })

  it('takes 0 for the default where it says so', () => {
    const { config } = load(`storage "inmem" {}
      listener "tcp" { tls_disable = true http_read_timeout = 0 http_idle_timeout = "0s" max_request_size = 0 max_request_duration = 0 }
      default_lease_ttl = 0`)
    const [listener] = config.listeners
    assert.deepEqual(
      [listener?.httpReadTimeout, listener?.httpIdleTimeout, listener?.maxRequestSize, listener?.maxRequestDuration],
      [30_000, 300_000, 33_554_432, 0],
    )
    assert.equal(config.defaultLeaseTtl, 2_764_800)
  })

  it('needs a storage and a listener', () => {
    assert.deepEqual(
      problems('ui = true').map((one) => one.split(':')[0]),
      ['a storage stanza is needed', 'a listener stanza is needed'],
    )
  })

  it('takes what is refused only if it is switched on', () => {
    assert.deepEqual(problems(`${MINIMAL}unsafe_relative_paths = false`), [])
    assert.equal(problems(`${MINIMAL}unsafe_relative_paths = true`).length, 1)
  })

  it('merges files: the later, the greater, either; stanzas add up', () => {
    const { config, files } = load(
      `${MINIMAL}cluster_name = "a"\nraw_storage_endpoint = true\nmax_lease_ttl = "2000h"\ndefault_lease_ttl = "10h"`,
      'cluster_name = "b"\nraw_storage_endpoint = false\nmax_lease_ttl = "1000h"\ndefault_lease_ttl = "20h"\nstorage "lmdb" { path = "/x" }\nlistener "unix" {}\ntelemetry { disable_hostname = true }',
    )
    assert.deepEqual(
      [config.clusterName, config.rawStorageEndpoint, config.maxLeaseTtl, config.defaultLeaseTtl],
      ['b', true, 7_200_000, 72_000],
    )
    assert.deepEqual(
      [config.storage.type, config.listeners.length, config.telemetry.disableHostname, files.length],
      ['lmdb', 2, true, 2],
    )
  })

  it('reads a folder in the order of names, without what is no configuration, and no file twice', () => {
    const dir = join(folder, 'dir')
    mkdirSync(join(dir, 'sub.hcl'), { recursive: true })
    const files = {
      'b.hcl': 'cluster_name = "b"',
      'a.json': `{"cluster_name": "a", "storage": {"inmem": {}}, "listener": {"tcp": {"tls_disable": true}}}`,
      '.#b.hcl': 'x',
      'b.hcl~': 'x',
      'README.md': 'x',
    }
    for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text, { mode: 0o600 })
    symlinkSync(join(dir, 'b.hcl'), join(dir, 'z.hcl'))
    const result = loadConfig([dir, join(dir, 'b.hcl')])
    assert.equal(result.config.clusterName, 'b')
    assert.deepEqual(result.files, [join(dir, 'a.json'), join(dir, 'b.hcl')])
  })

  it('says which file cannot be read', () => {
    const empty = join(folder, 'empty')
    mkdirSync(empty)
    const binary = write('', 'hcl')
    writeFileSync(binary, Buffer.from([0xff, 0xfe]))
    const big = write(`# ${'x'.repeat(1_100_000)}`)
    assert.throws(
      () => loadConfig([join(folder, 'none.hcl'), empty, binary, big, '/dev/null']),
      (error) => {
        assert.ok(error instanceof ConfigError)
        assert.deepEqual(
          error.messages.map((message) => message.replace(folder, '').replace(/c\d+/, 'c')),
          [
            '/none.hcl: the configuration cannot be read (ENOENT)',
            '/empty: the folder has no *.hcl or *.json file',
            '/c.hcl: it is not valid UTF-8',
            '/c.hcl: it is larger than 1048576 bytes',
            '/dev/null: it is no file',
          ],
        )
        return true
      },
    )
    assert.throws(() => loadConfig([]), /-config takes a file or a folder/)
  })

  it('takes strings from the environment and from files, and tells who else can read them', () => {
    const secret = write('the secret\n', 'txt', 0o644)
    process.env['COFFER_TEST_NAME'] = 'from the environment'
    const path = write(`${MINIMAL}cluster_name = "env://COFFER_TEST_NAME"\npid_file = "file://${secret}"`, 'hcl', 0o666)
    const { config, exposures } = loadConfig([path])
    delete process.env['COFFER_TEST_NAME']
    assert.deepEqual([config.clusterName, config.pidFile], ['from the environment', 'the secret'])
    assert.deepEqual(
      exposures.map((one) => one.file),
      [path, path, secret],
    )
    assert.deepEqual(load(MINIMAL).exposures, [])
  })

  it('keeps the values of secrets out of problems', () => {
    process.env['COFFER_TEST_NAME'] = 'canary'
    const found = problems(`${MINIMAL}max_lease_ttl = "env://COFFER_TEST_NAME"\nlog_level = "env://COFFER_TEST_NAME"`)
    delete process.env['COFFER_TEST_NAME']
    assert.equal(found.length, 2)
    assert.ok(!found.join().includes('canary'))
  })

  it('throws nothing but ConfigError on random text', () => {
    const piece = fc.constantFrom(
      'listener',
      'storage',
      ' "tcp" ',
      ' "inmem" ',
      '{',
      '}',
      '=',
      '[',
      ']',
      '"x"',
      'address',
      'telemetry',
      '1',
      'true',
      '\n',
      'seal',
      'audit',
      'custom_response_headers',
      '"default"',
      'ui',
      '__proto__',
      'toString',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (parts) => void problems(parts.join(''))),
      { numRuns: 300 },
    )
  })
})
