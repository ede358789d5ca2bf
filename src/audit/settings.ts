/** Options that every type of device takes. */
import { auditErrors } from '../errors/audit.ts'
import type { DeviceOptions, DeviceType } from './device-type.ts'
import { parseExclusions, type Exclusions } from './filter/exclusions.ts'
import { parseFilter, type Filter } from './filter/filter.ts'
import { jsonFormat, jsonxFormat, type Format } from './format.ts'
import { flag } from './options.ts'

export interface DeviceSettings {
  readonly format: Format
  readonly logRaw: boolean
  readonly hmacAccessor: boolean
  readonly elideListResponses: boolean
  /** The device is not tried out when it is enabled. */
  readonly skipTest: boolean
  /** Undefined where it takes all entries. */
  readonly filter: Filter | undefined
  /** It takes the entries that no other device does. */
  readonly fallback: boolean
  readonly exclude: Exclusions | undefined
  /** Its lines are chained, and signed from time to time. */
  readonly hashChain: boolean
}

/** Of a device that was given no options. */
export const plainSettings: DeviceSettings = Object.freeze({
  format: jsonFormat(''),
  logRaw: false,
  hmacAccessor: true,
  elideListResponses: false,
  skipTest: false,
  filter: undefined,
  fallback: false,
  exclude: undefined,
  hashChain: false,
})

const COMMON = [
  'format',
  'prefix',
  'log_raw',
  'hmac_accessor',
  'elide_list_responses',
  'skip_test',
  'filter',
  'fallback',
  'exclude',
  'hash_chain',
]

/** Throws `AUDIT_OPTION`, `AUDIT_UNKNOWN_OPTION`, `AUDIT_FILTER` or `AUDIT_FALLBACK_FILTERED`. */
export function parseSettings(options: DeviceOptions, type: DeviceType): DeviceSettings {
  const known = [...type.options, ...COMMON]
  for (const option of options.keys()) {
    if (!known.includes(option)) throw auditErrors.UNKNOWN_OPTION({ option, known: known.join(', ') })
  }
  const filter = options.get('filter') ?? ''
  const exclude = options.get('exclude') ?? ''
  const fallback = isFallback(options)
  if (fallback && filter !== '') throw auditErrors.FALLBACK_FILTERED()
  return {
    format: format(options.get('format') ?? 'json', prefixOf(options)),
    logRaw: flag(options, 'log_raw', false),
    hmacAccessor: flag(options, 'hmac_accessor', true),
    elideListResponses: flag(options, 'elide_list_responses', false),
    skipTest: flag(options, 'skip_test', false),
    filter: filter === '' ? undefined : parseFilter(filter),
    fallback,
    exclude: exclude === '' ? undefined : parseExclusions(exclude),
    hashChain: isChained(options),
  }
}

export function isFallback(options: DeviceOptions): boolean {
  return flag(options, 'fallback', false)
}

export function isChained(options: DeviceOptions): boolean {
  return flag(options, 'hash_chain', false)
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
