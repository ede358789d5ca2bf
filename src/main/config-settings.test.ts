import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { inspect } from 'node:util'
import { tracked } from '../../test/support/tracked.ts'
import { camel, type Field, type InertField, type Schema } from '../config/field.ts'
import { loadConfig } from '../config/index.ts'
import { tcpSchema, unixSchema } from '../config/schema/listener.ts'
import { serverSchema } from '../config/schema/server.ts'
import { sealSchemas } from '../config/schema/seals.ts'
import { auditSchema, lockoutSchema } from '../config/schema/stanzas.ts'
import { storageSchemas } from '../config/schema/storages.ts'
import { telemetrySchema } from '../config/schema/telemetry.ts'
import { systemClock } from '../lib/clock.ts'
import { Metrics, silentLogger } from '../lib/observe/index.ts'
import { fromConfigFiles, reread, settingsOf } from './config-settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'coffer-settings-'))
after(() => rmSync(folder, { recursive: true }))
let count = 0

function file(text: string): string {
  const path = join(folder, `${count++}.hcl`)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

const minimal = (listener: string, more = '') =>
  fromConfigFiles([file(`storage "inmem" {}\nlistener "tcp" {\n tls_disable = true\n ${listener}\n}\n${more}`)])

/** Whatever is asked for under a condition is asked for here. */
const EVERYTHING = `
  storage "lmdb" { path = "/var/lib/coffer" }
  listener "tcp" {
    address = "0.0.0.0:8200"
    tls_cert_file = "/c.pem"
    tls_key_file = "/k.pem"
    x_forwarded_for_authorized_addrs = "10.0.0.1"
    proxy_protocol_behavior = "allow_authorized"
    proxy_protocol_authorized_addrs = "10.0.0.1"
  }
  listener "unix" { address = "/run/coffer.sock" }
  audit "file" "a" { options { file_path = "/var/log/audit.log" } }
  user_lockout "all" { lockout_threshold = 3 }
`

function activeKeys(schema: Schema, path: string): readonly string[] {
  return Object.entries(schema).flatMap(([key, field]) => {
    if (field.status !== 'active') return []
    const here = path === '' ? camel(key) : `${path}.${camel(key)}`
    return hasSchema(field) ? activeKeys(field.schema, here) : [here]
  })
}

function hasSchema(field: Field<unknown> | InertField): field is Field<unknown> & { readonly schema: Schema } {
  return 'schema' in field
}

test('every key that is not ignored or refused is read by something', () => {
  const loaded = loadConfig([file(EVERYTHING)])
  const reads = new Set<string>()
  settingsOf({ ...loaded, config: tracked(loaded.config, reads) })
  const expected = [
    ...activeKeys(serverSchema, ''),
    ...activeKeys(tcpSchema, 'listeners.tcp'),
    ...activeKeys(unixSchema, 'listeners.unix'),
    ...activeKeys(storageSchemas.lmdb, 'storage'),
    ...activeKeys(auditSchema, 'audits.file'),
    ...activeKeys(telemetrySchema, 'telemetry'),
    ...activeKeys(lockoutSchema, 'lockouts.all'),
    ...activeKeys(storageSchemas.inmem, 'a stanza without effect'),
  ]
  assert.deepEqual(
    expected.filter((key) => !reads.has(key)),
    [],
  )
})

/** What each seal cannot do without. */
const SEALS: Readonly<Record<keyof typeof sealSchemas, string>> = {
  shamir: '',
  static: `current_key_id = "a"\n current_key = "${'ab'.repeat(32)}"\n previous_key_id = "b"\n previous_key = "${'cd'.repeat(32)}"`,
  transit: 'address = "https://a"\n token = "canary"\n key_name = "k"',
  awskms: 'kms_key_id = "k"\n access_key = "canary"\n secret_key = "canary"',
  azurekeyvault: 'vault_name = "v"\n key_name = "k"\n client_secret = "canary"',
  gcpckms: 'project = "p"\n region = "r"\n key_ring = "k"\n crypto_key = "c"',
  pkcs11: 'lib = "/l.so"\n slot = "1"\n pin = "canary"\n key_label = "k"',
}

test('every key of every seal is read by something, and no secret of it is shown', () => {
  for (const [type, stanza] of Object.entries(SEALS)) {
    const loaded = loadConfig([file(`${EVERYTHING}\nseal "${type}" {\n ${stanza}\n}`)])
    const reads = new Set<string>()
    const settings = settingsOf({ ...loaded, config: tracked(loaded.config, reads) })
    const schema = new Map<string, Schema>(Object.entries(sealSchemas)).get(type) ?? {}
    const unread = activeKeys(schema, `seals.${type}`).filter((key) => !reads.has(key))
    assert.deepEqual(unread, [], type)
    const shown = JSON.stringify([...settings.sanitized()])
    assert.doesNotMatch(shown, /canary|abab|cdcd/)
    assert.ok(shown.includes(`{"type":"${type}","disabled":false}`))
    const seal = settings.seals[0]?.make({
      clock: systemClock,
      log: silentLogger,
      metrics: new Metrics(systemClock),
      mayMakeKeys: true,
    })
    assert.equal(seal?.type, type)
    assert.doesNotMatch(inspect(seal, { depth: 9 }), /canary|abab/)
  }
})

test('a key that nothing reads is found', () => {
  const reads = new Set<string>()
  const config = tracked({ used: 1, unused: { deep: 2 }, list: [{ type: 'tcp', a: 1 }] }, reads)
  assert.equal(config.used, 1)
  assert.equal(config.list.map((one) => one.a)[0], 1)
  assert.deepEqual([...reads].toSorted(), ['list', 'list.tcp.a', 'used'])
  assert.throws(() => ({ ...config }), /copied as a whole/)
})

test('limits of JSON bodies are those of their listener', () => {
  const settings = fromConfigFiles([
    file(`storage "inmem" {}
      listener "tcp" { tls_disable = true max_json_depth = 3 max_request_json_strings = 7 max_request_json_memory = "1KiB" }
      listener "unix" { address = "/s" max_json_object_entry_count = 2 max_json_string_value_length = 5 }`),
  ])
  const [tcp, unix] = settings.listeners
  assert.deepEqual([tcp?.jsonLimits.maxDepth, tcp?.jsonLimits.maxStrings, tcp?.jsonLimits.maxMemory], [3, 7, 1024])
  assert.deepEqual(
    [unix?.jsonLimits.maxMembers, unix?.jsonLimits.maxStringBytes, unix?.jsonLimits.maxDepth],
    [2, 5, 64],
  )
})

test('a request may take what its listener says, else what the server says', () => {
  const times = (listener: string, more: string) => minimal(listener, more).listeners[0]?.timeouts
  assert.equal(times('', '')?.request, 90_000)
  assert.equal(times('', 'default_max_request_duration = "10s"')?.request, 10_000)
  assert.equal(times('max_request_duration = "5s"', 'default_max_request_duration = "10s"')?.request, 5000)
  assert.deepEqual([times('', '')?.write, times('http_write_timeout = "7s"', '')?.write], [Infinity, 7000])
})

test('a listener for metrics alone serves them to anyone', () => {
  const traits = (listener: string) => {
    const [one] = minimal(listener).listeners
    return [one?.metricsOnly, one?.unauthenticatedMetricsAccess, one?.disallowMetrics]
  }
  assert.deepEqual(traits(''), [false, false, false])
  assert.deepEqual(traits('role = "metrics_only"'), [true, true, false])
  assert.deepEqual(traits('telemetry { metrics_only = true }'), [true, false, false])
  assert.deepEqual(traits('telemetry { unauthenticated_metrics_access = true disallow_metrics = true }'), [
    false,
    true,
    true,
  ])
})

test('the longest lifetime holds for the default too', () => {
  assert.deepEqual(minimal('', 'max_lease_ttl = "1h"').systemLimits, { defaultTtl: 3600, maxTtl: 3600 })
  assert.deepEqual(minimal('', 'max_lease_ttl = "2h"\ndefault_lease_ttl = "1h"').systemLimits, {
    defaultTtl: 3600,
    maxTtl: 7200,
  })
})

test('the address for clients is the configured one, else that of the first listener', () => {
  assert.equal(minimal('').apiAddress, 'http://127.0.0.1:8200')
  assert.equal(minimal('address = ":8300"').apiAddress, 'http://127.0.0.1:8300')
  assert.equal(minimal('', 'api_addr = "https://vault.example"').apiAddress, 'https://vault.example')
  assert.match(fromConfigFiles([file(EVERYTHING)]).apiAddress, /^https:/)
})

test('keys without effect are told of, with their places', () => {
  const { warnings } = minimal('redact_addresses = true', 'ui = true')
  assert.deepEqual(
    warnings.map((warning) => warning.replace(/^.*hcl:/, '')),
    [
      '4:2: redact_addresses in listener "tcp" has no effect here: no answer that needs no token has an address in it',
      '6:1: ui has no effect here: there is no web UI yet',
    ],
  )
})

test('levels are read anew, and what is wrong with the files then is told', () => {
  const path = file(
    'storage "inmem" {}\nlistener "tcp" { tls_disable = true }\nlog_level = "debug"\nlog_requests_level = "warn"',
  )
  const shut = { unauthenticatedRekey: false, unauthenticatedGenerateRoot: false }
  assert.deepEqual(reread([path]), {
    level: 'debug',
    requests: 'warn',
    doors: new Map([['127.0.0.1:8200', shut]]),
  })
  writeFileSync(path, 'log_level = "loud"')
  assert.throws(() => reread([path]), /log_level takes one of/)
})

test('what is shown of the configuration has no path to a key and no option of a device', () => {
  const text = JSON.stringify([...fromConfigFiles([file(EVERYTHING)]).sanitized()])
  assert.match(text, /"raw_storage_endpoint",false/)
  assert.doesNotMatch(text, /k\.pem|audit\.log/)
})
