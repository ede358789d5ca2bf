import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { FakeClock } from '../lib/clock.ts'
import { createLogger, LogLevels, type LogLevel } from '../lib/observe/index.ts'
import { plainListener, type WireRequest } from '../request/wire.ts'
import { RequestLog } from './request-log.ts'

const wire: WireRequest = {
  method: 'POST',
  target: '/v1/secret/data/a%0Ab?token=canary-query',
  headers: new Map([['x-vault-token', ['canary-token']]]),
  remoteAddress: '::1',
  remotePort: 4000,
  tls: false,
  peerCertificate: undefined,
  listener: plainListener,
  readBody: async () => Buffer.from('canary-body'),
  openBody: () => Readable.from([]),
  signal: new AbortController().signal,
  expired: false,
}

function logged(levels: LogLevel, requests: LogLevel): readonly string[] {
  const lines: string[] = []
  const sink = { write: (line: string) => void lines.push(line) }
  const log = createLogger({ levels: new LogLevels(levels), format: 'standard', sinks: [sink], clock: new FakeClock() })
  new RequestLog(log.named('core'), requests).finished({ wire, startedAt: 0, duration: 12.4, status: 204 })
  return lines
}

test('a finished request is one line, without its token, query and body', () => {
  assert.deepEqual(logged('info', 'info'), [
    '2026-01-01T00:00:00.000Z [INFO]  core: completed_request: start_time=1970-01-01T00:00:00.000Z duration=12ms ' +
      'client_address=[::1]:4000 status_code=204 request_path=/v1/secret/data/a%0Ab request_method=POST\n',
  ])
})

test('it is logged at the level asked for, and only where that level is', () => {
  assert.match(logged('trace', 'debug')[0] ?? '', /\[DEBUG\]/)
  assert.match(logged('trace', 'error')[0] ?? '', /\[ERROR\]/)
  assert.deepEqual([logged('info', 'debug'), logged('trace', 'off')], [[], []])
})
