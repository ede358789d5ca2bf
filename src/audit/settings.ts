/** Options that every type of device takes. */
import { auditErrors } from '../errors/audit.ts'
import type { DeviceOptions, DeviceType } from './device-type.ts'
import { jsonFormat, jsonxFormat, type Format } from './format.ts'

export interface DeviceSettings {
  readonly format: Format
  readonly logRaw: boolean
  readonly hmacAccessor: boolean
  readonly elideListResponses: boolean
  /** The device is not tried out when it is enabled. */
  readonly skipTest: boolean
}

/** Of a device that was given no options. */
export const plainSettings: DeviceSettings = Object.freeze({
  format: jsonFormat(''),
  logRaw: false,
  hmacAccessor: true,
  elideListResponses: false,
  skipTest: false,
})

const COMMON = ['format', 'prefix', 'log_raw', 'hmac_accessor', 'elide_list_responses', 'skip_test']

/** Throws `AUDIT_OPTION` or `AUDIT_UNKNOWN_OPTION`. */
export function parseSettings(options: DeviceOptions, type: DeviceType): DeviceSettings {
  const known = [...type.options, ...COMMON]
  for (const option of options.keys()) {
    if (!known.includes(option)) throw auditErrors.UNKNOWN_OPTION({ option, known: known.join(', ') })
  }
  return {
    format: format(options.get('format') ?? 'json', prefixOf(options)),
    logRaw: flag(options, 'log_raw', false),
    hmacAccessor: flag(options, 'hmac_accessor', true),
    elideListResponses: flag(options, 'elide_list_responses', false),
    skipTest: flag(options, 'skip_test', false),
  }
}

function format(name: string, prefix: string): Format {
  if (name === 'json') return jsonFormat(prefix)
  if (name === 'jsonx') return jsonxFormat(prefix)
  throw auditErrors.OPTION({ option: 'format', takes: '"json" or "jsonx"' })
}

/** Stands in front of each entry, such as `@cee: `. */
function prefixOf(options: DeviceOptions): string {
  const prefix = options.get('prefix') ?? ''
  if (!/^[\u0020-\u007e]*$/u.test(prefix)) throw auditErrors.OPTION({ option: 'prefix', takes: 'printable ASCII' })
  return prefix
}

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False'])

function flag(options: DeviceOptions, option: string, fallback: boolean): boolean {
  const text = options.get(option)
  if (text === undefined) return fallback
  if (TRUE.has(text)) return true
  if (FALSE.has(text)) return false
  throw auditErrors.OPTION({ option, takes: 'true or false' })
}
