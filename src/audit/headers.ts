/** Which request headers stand in the entries (`sys/config/auditing/request-headers`). */
import { auditErrors } from '../errors/audit.ts'
import { stringify } from '../lib/json/index.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import { auditPrefix } from './storage-keys.ts'

export interface HeaderRule {
  /** Its values are HMACed. */
  readonly hmac: boolean
}

/** Lower-case names. */
export type HeaderTable = ReadonlyMap<string, HeaderRule>

/** The rules in force, as the entries' builders read them. */
export interface HeaderRules {
  readonly rules: HeaderTable
}

const KEY = `${auditPrefix}request-headers`

/** In force until the table is first written; Vault's. */
const DEFAULTS: HeaderTable = new Map([
  ['correlation-id', { hmac: false }],
  ['x-correlation-id', { hmac: false }],
])

/** Header names as RFC 9110 5.1 has them. */
const NAME = /^[\w!#$%&'*+\-.^`|~]+$/u

/** What they carry opens something: hashed whatever the table says. */
const CREDENTIALS = /^(?:x-vault-token|x-vault-inline-auth-.*|authorization|proxy-authorization|cookie)$/

/** The table lives in the storage, of which all views here are the whole; `load` brings the rules in force up to it. */
export class AuditedHeaders implements HeaderRules {
  rules: HeaderTable = DEFAULTS

  /** At unseal, and whenever the stored table changed. */
  async load(view: ReadView): Promise<void> {
    this.rules = await this.list(view)
  }

  async list(view: ReadView): Promise<HeaderTable> {
    const stored = await view.get(KEY)
    return stored === undefined ? DEFAULTS : decode(stored)
  }

  /** Rejects with `AUDIT_MISSING_HEADER` or `AUDIT_UNKNOWN_HEADER`. */
  async read(view: ReadView, name: string): Promise<HeaderRule> {
    const rule = (await this.list(view)).get(normal(name))
    if (rule === undefined) throw auditErrors.UNKNOWN_HEADER()
    return rule
  }

  async write(view: WriteView, name: string, rule: HeaderRule): Promise<void> {
    const key = normal(name)
    if (!NAME.test(key)) throw auditErrors.OPTION({ option: 'header', takes: 'the name of an HTTP header' })
    view.put(KEY, encode(new Map(await this.list(view)).set(key, ruleFor(key, rule.hmac))))
  }

  async delete(view: WriteView, name: string): Promise<void> {
    const table = new Map(await this.list(view))
    if (table.delete(normal(name))) view.put(KEY, encode(table))
  }
}

function ruleFor(name: string, hmac: boolean): HeaderRule {
  return { hmac: hmac || CREDENTIALS.test(name) }
}

function normal(name: string): string {
  if (name === '') throw auditErrors.MISSING_HEADER()
  return name.toLowerCase()
}

function encode(table: HeaderTable): Uint8Array {
  return Buffer.from(stringify(new Map([...table].map(([name, { hmac }]) => [name, { hmac }]))))
}

function decode(bytes: Uint8Array): HeaderTable {
  const rows: unknown = JSON.parse(Buffer.from(bytes).toString())
  const out = new Map<string, HeaderRule>()
  if (typeof rows !== 'object' || rows === null) throw auditErrors.BAD_TABLE()
  for (const [name, rule] of Object.entries(rows)) {
    const row: unknown = rule
    out.set(name, ruleFor(name, typeof row === 'object' && row !== null && 'hmac' in row && row.hmac === true))
  }
  return out
}
