/** Reading the options of a device, which are all texts. */
import { auditErrors } from '../errors/audit.ts'
import { parseDurationMs } from '../lib/duration.ts'
import type { DeviceOptions } from './device-type.ts'

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False'])

/** As Go reads one. Throws `AUDIT_OPTION`. */
export function flag(options: DeviceOptions, option: string, fallback: boolean): boolean {
  const text = options.get(option)
  if (text === undefined) return fallback
  if (TRUE.has(text)) return true
  if (FALSE.has(text)) return false
  throw auditErrors.OPTION({ option, takes: 'true or false' })
}

const LONGEST = 60_000

/** Ms. Throws `AUDIT_OPTION`. */
export function timeout(options: DeviceOptions, option: string, fallback: number): number {
  const text = options.get(option)
  if (text === undefined) return fallback
  const ms = parseDurationMs(text)
  if (ms === undefined || ms < 1 || ms > LONGEST)
    throw auditErrors.OPTION({ option, takes: 'a duration of up to a minute, such as "2s"' })
  return ms
}

export interface HostAndPort {
  readonly host: string
  readonly port: number
}

/** `log.example:9000`, `[::1]:9000`. Throws `AUDIT_OPTION`. */
export function hostAndPort(option: string, text: string): HostAndPort {
  const [, six, plain, digits = ''] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/]+)):(\d{1,5})$/.exec(text) ?? []
  const host = six ?? plain
  const port = Number(digits)
  if (host === undefined || port === 0 || port > 65_535)
    throw auditErrors.OPTION({ option, takes: 'a host and a port, such as "log.example:9000"' })
  return { host, port }
}
