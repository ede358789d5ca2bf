/** One log line, in the two forms Vault writes (hclog's): `standard` for people and `json`. */
import { escapeControls } from './escape.ts'
import type { LogLevel } from './level.ts'
import { Secret } from './secret.ts'

export type LogFormat = 'standard' | 'json'

export type LogValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Error
  | Secret<unknown>
  | readonly LogValue[]
  | { readonly [name: string]: LogValue }

export interface LogFields {
  readonly [name: string]: LogValue
}

export interface LogEntry {
  /** Wall clock, ms. */
  readonly time: number
  readonly level: LogLevel
  /** Empty for the root logger. */
  readonly module: string
  readonly message: string
  /** Of the logger first, then of the call. */
  readonly fields: readonly LogFields[]
}

const labels: Readonly<Record<LogLevel, string>> = {
  trace: '[TRACE]',
  debug: '[DEBUG]',
  info: '[INFO] ',
  warn: '[WARN] ',
  error: '[ERROR]',
  off: '',
}

export function formatStandard(entry: LogEntry): string {
  let line = `${new Date(entry.time).toISOString()} ${labels[entry.level]} `
  if (entry.module !== '') line += `${entry.module}: `
  line += escapeControls(entry.message)
  let separator = ': '
  for (const fields of entry.fields) {
    for (const [name, value] of Object.entries(fields)) {
      if (value === undefined) continue
      line += `${separator}${bare(name)}=${bare(textOf(value))}`
      separator = ' '
    }
  }
  return `${line}\n`
}

export function formatJson(entry: LogEntry): string {
  const out = new Map<string, unknown>([
    ['@level', entry.level],
    ['@message', entry.message],
    ['@module', entry.module],
    ['@timestamp', new Date(entry.time).toISOString()],
  ])
  if (entry.module === '') out.delete('@module')
  for (const fields of entry.fields) for (const [name, value] of Object.entries(fields)) out.set(name, value)
  const members: string[] = []
  for (const [name, value] of out) {
    const text = JSON.stringify(value, jsonValue)
    if (text !== undefined) members.push(`${JSON.stringify(name)}:${text}`)
  }
  return `{${escapeControls(members.join(','))}}\n`
}

function jsonValue(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  return value instanceof Error ? errorText(value) : value
}

function textOf(value: LogValue): string {
  if (typeof value === 'string') return value
  if (value instanceof Error) return errorText(value)
  if (typeof value === 'object' && value !== null && !(value instanceof Secret)) return JSON.stringify(value, jsonValue)
  return String(value)
}

/** `value`, quoted if its end could not be seen otherwise. */
function bare(value: string): string {
  const safe = escapeControls(value)
  return safe === '' || /[\s"=\\]/u.test(safe) ? `"${safe.replaceAll('"', '\\"')}"` : safe
}

/** Name, message and the place where it arose. Never the cause or other properties: those of drivers hold credentials. */
function errorText(error: Error): string {
  const place = /\(?([^\s()]+:\d+:\d+)\)?\s*$/mu.exec(error.stack?.split('\n    at ')[1] ?? '')?.[1]
  const short = place?.replace(/^file:\/\//u, '').replace(/^.*\/(src|node_modules)\//u, '$1/')
  return `${error.name}: ${error.message}${short === undefined ? '' : ` (${short})`}`
}
