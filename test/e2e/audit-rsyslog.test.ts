/** The syslog device and a real rsyslog: every entry arrives whole, by each way, and a chain verifies out of what was written there. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { until } from '../support/callers.ts'
import { at, textAt } from '../support/json.ts'
import { TestRsyslog, withoutRsyslog } from '../support/rsyslog.ts'
import { coffer, startServer } from '../support/server.ts'

const COUNT = 60

describe('rsyslog', { skip: withoutRsyslog }, () => {
  const ways = {
    'over TCP': (syslog: TestRsyslog) => `tcp://127.0.0.1:${syslog.port}`,
    'over UDP': (syslog: TestRsyslog) => `udp://127.0.0.1:${syslog.port}`,
    'by its own socket': (syslog: TestRsyslog) => `unix://${syslog.socket}`,
  }
  for (const [way, address] of Object.entries(ways)) {
    test(`takes every entry ${way}, long ones whole`, async () => {
      await using syslog = await TestRsyslog.start()
      await until('rsyslog', () => (syslog.ready() ? true : undefined))
      const options = `address = "${address(syslog)}"\n tag = "coffer"\n facility = "LOCAL4"\n hash_chain = "true"`
      await using server = await startServer({
        audit: true,
        config: `audit "syslog" "central" {\n options {\n ${options}\n }\n}`,
      })
      await server.call('POST', 'sys/mounts/kv', { type: 'kv' })
      const long = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`member-${i}`, `é ${i}`]))
      for (let i = 0; i < COUNT; i++)
        assert.equal((await server.call('POST', `kv/${i}`, i % 7 === 0 ? long : { value: i })).status, 204)
      const paths = () =>
        syslog
          .messages()
          .map(({ text }): unknown => JSON.parse(text))
          .filter((entry) => at(entry, 'type') === 'response')
          .map((entry) => String(at(entry, 'request', 'path')))
      const found = await until('all entries', () => {
        const got = paths()
        return got.includes(`kv/${COUNT - 1}`) ? got : undefined
      })
      for (let i = 0; i < COUNT; i++) assert.equal(found.filter((path) => path === `kv/${i}`).length, 1, `kv/${i}`)
      for (const { facility, severity, tag } of syslog.messages())
        assert.deepEqual([facility, severity, tag], ['local4', 'info', 'coffer'])
      assert.ok(syslog.messages().some(({ text }) => Buffer.byteLength(text) > 16_000))

      const key = join(server.folder, 'audit.pub')
      writeFileSync(key, textAt((await server.call('GET', 'sys/audit-chain/key')).json, 'data', 'public_key'))
      const words = ['audit', 'verify', `-key=${key}`, '-embedded', '-partial', syslog.logFile]
      const verified = spawnSync(coffer, words, { encoding: 'utf8' })
      assert.equal(verified.status, 0, verified.stdout + verified.stderr)
    })
  }
})
