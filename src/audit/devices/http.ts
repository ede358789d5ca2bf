/** The `http` device: entries as JSON lines, posted to a collector. */
import { readFileSync } from 'node:fs'
import { auditErrors } from '../../errors/audit.ts'
import type { DeviceType } from '../device-type.ts'
import { timeout } from '../options.ts'
import { HttpSink } from './http-sink.ts'

export const httpDevice: DeviceType = {
  name: 'http',
  options: [
    'uri',
    'headers',
    'write_timeout',
    'batch_entries',
    'tls_ca_file',
    'tls_cert_file',
    'tls_key_file',
    'tls_server_name',
  ],
  secret: ['headers'],
  sink: (options, { clock, declared }) =>
    new HttpSink({
      url: urlOf(resolved('uri', options.get('uri') ?? '', declared)),
      headers: headersOf(options.get('headers'), declared),
      clock,
      timeout: timeout(options, 'write_timeout', 5000),
      batchEntries: batchEntries(options.get('batch_entries')),
      tls: {
        caFile: options.get('tls_ca_file'),
        certFile: options.get('tls_cert_file'),
        keyFile: options.get('tls_key_file'),
        serverName: options.get('tls_server_name'),
      },
    }),
}

function urlOf(uri: string): URL {
  if (uri === '') throw auditErrors.MISSING_OPTION({ option: 'uri' })
  const url = URL.canParse(uri) ? new URL(uri) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw auditErrors.OPTION({ option: 'uri', takes: 'an address such as "https://collector.example/audit"' })
  return url
}

/** `{"Authorization": ["Bearer …"]}` */
function headersOf(text: string | undefined, declared: boolean): Readonly<Record<string, readonly string[]>> {
  if (text === undefined || text === '') return {}
  const out: Record<string, readonly string[]> = {}
  for (const [name, values] of membersOf(text)) {
    if (!/^[\w!#$%&'*+\-.^`|~]+$/u.test(name) || /^(?:content-length|transfer-encoding|host|connection)$/iu.test(name))
      throw badHeaders()
    const list: readonly unknown[] = Array.isArray(values) ? values : [values]
    out[name] = list.map((value) => {
      if (typeof value !== 'string') throw badHeaders()
      const found = resolved('headers', value, declared)
      if (!/^[\t\u0020-\u007e]*$/u.test(found)) throw badHeaders()
      return found
    })
  }
  return out
}

function membersOf(text: string): readonly (readonly [string, unknown])[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw badHeaders()
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badHeaders()
  return Object.entries(value)
}

function badHeaders(): Error {
  return auditErrors.OPTION({ option: 'headers', takes: 'a JSON object of lists of header values' })
}

/**
 * `env://NAME` and `file://PATH` stand for what is there, where the configuration says so; whoever comes by the API must not be able
 * to have the server's environment and files sent somewhere.
 */
function resolved(option: string, value: string, declared: boolean): string {
  const [, kind, rest = ''] = /^(env|file):\/\/(.+)$/su.exec(value) ?? []
  if (kind === undefined) return value
  if (!declared) throw auditErrors.OPTION({ option, takes: '"env://" and "file://" in the configuration alone' })
  try {
    const found = kind === 'env' ? process.env[rest] : readFileSync(rest, 'utf8').trim()
    if (found !== undefined) return found
  } catch {
    // Said below.
  }
  throw auditErrors.OPTION({ option, takes: 'the name of an environment variable, or of a file, that is there' })
}

function batchEntries(text: string | undefined): number {
  if (text === undefined) return 1000
  const count = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (count === 0) throw auditErrors.OPTION({ option: 'batch_entries', takes: 'a number of at least 1' })
  return count
}
