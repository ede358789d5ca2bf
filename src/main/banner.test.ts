import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listenerDefaults, tlsDefaults } from '../listener/index.ts'
import { banner, devNotice } from './banner.ts'
import { devSettings } from './dev-settings.ts'
import type { Settings } from './settings.ts'

const settings: Settings = {
  ...devSettings(
    {
      config: [],
      'log-level': '',
      'log-format': '',
      dev: true,
      'dev-persistent': false,
      'dev-root-token-id': '',
      'dev-listen-address': '127.0.0.1:8200',
      'dev-no-store-token': false,
    },
    undefined,
  ),
}

const finding = (status: 'ok' | 'warn') => ({ check: 'swap', status, detail: 'd', advice: '' })

test('the banner has where it listens, what it stores in, and whether anything is open', () => {
  const text = banner(settings, ['127.0.0.1:8200'], [finding('ok')])
  assert.match(text, /^==> Coffer server configuration:\n/)
  assert.match(text, /^ +Listener 1: tcp \(addr: "127\.0\.0\.1:8200", tls: "disabled"\)$/m)
  assert.match(text, /^ +Storage: inmem$/m)
  assert.match(text, /^ +Hardening: all checks hold$/m)
  assert.match(text, /==> Coffer server started! Log data will stream in below:\n\n$/)
  const columns = text
    .split('\n')
    .filter((line) => line.includes(': '))
    .map((line) => line.indexOf(':'))
  assert.equal(new Set(columns).size, 1, 'the names are aligned')
})

test('what is in force is what is shown', () => {
  const tls = { ...tlsDefaults, certFile: '/c.pem', keyFile: '/k.pem' }
  const production: Settings = {
    ...settings,
    storage: { type: 'lmdb', path: '/data' },
    listeners: [
      { ...listenerDefaults, tls },
      { ...listenerDefaults, type: 'unix', address: '/run/s' },
    ],
    auditDevices: [{ type: 'file', path: 'to-disk/', description: '', options: new Map(), local: false }],
  }
  const text = banner(production, ['0.0.0.0:8200'], [finding('ok'), finding('warn')])
  assert.match(text, /Listener 1: tcp \(addr: "0\.0\.0\.0:8200", tls: "enabled"\)/)
  assert.match(text, /Listener 2: unix \(addr: "\/run\/s", tls: "disabled"\)/)
  assert.match(text, /Storage: lmdb \(\/data\)/)
  assert.match(text, /Audit Devices: to-disk\//)
  assert.match(text, /Hardening: 1 of 2 checks do not hold: see the log, or coffer operator diagnose/)
  assert.doesNotMatch(text, /k\.pem/)
})

test('keys are shown when they are made, and never again', () => {
  const keys = { unsealKey: 'the-key', rootToken: 'the-token', fresh: true }
  const first = devNotice(keys, settings, '/x/dev-keys.json')
  assert.match(first, /^WARNING! This is a development server/)
  assert.match(first, /Unseal Key: the-key\nRoot Token: the-token\n/)
  assert.match(first, /export VAULT_ADDR='http:\/\/127\.0\.0\.1:8200'\n {4}\$ export VAULT_TOKEN='the-token'/)
  const second = devNotice({ ...keys, fresh: false }, settings, '/x/dev-keys.json')
  assert.doesNotMatch(second, /the-key|the-token/)
  assert.match(second, /export VAULT_TOKEN='\$\(jq -r \.root_token \/x\/dev-keys\.json\)'/)
})
