/** The stanzas of one file: which kinds there are of each, and reading them. */
import type { Block, Item, Position } from '../lib/hcl/index.ts'
import { blocks } from '../lib/hcl/index.ts'
import { nearest } from '../lib/nearest.ts'
import type { ConfigOf, Environment, Schema } from './field.ts'
import type { Findings } from './problem.ts'
import { readInitialize, type InitializeStanza } from './initialize.ts'
import type { Given } from './section.ts'
import { complete, readSection, withEnvironment } from './section.ts'
import { tcpSchema, unixSchema } from './schema/listener.ts'
import { sealSchemas } from './schema/seals.ts'
import { auditSchema, lockoutSchema } from './schema/stanzas.ts'
import { storageSchemas } from './schema/storages.ts'
import { telemetrySchema } from './schema/telemetry.ts'

/** Where a stanza stands, for problems that show only when all files are read. */
export interface Placed<T> {
  readonly value: T
  readonly at: Position
  readonly findings: Findings
}

export type TcpListener = { readonly type: 'tcp' } & ConfigOf<typeof tcpSchema>
export type UnixListener = { readonly type: 'unix' } & ConfigOf<typeof unixSchema>
export type ListenerStanza = TcpListener | UnixListener

type StorageType = keyof typeof storageSchemas
export type StorageStanza = {
  readonly [T in StorageType]: { readonly type: T } & ConfigOf<(typeof storageSchemas)[T]>
}[StorageType]

type SealType = keyof typeof sealSchemas
/** `disabled` marks the seal that a vault is moved from. */
export type SealStanza = {
  readonly [T in SealType]: { readonly type: T } & ConfigOf<(typeof sealSchemas)[T]>
}[SealType]
export type SealStanzaOf<T extends SealType> = Extract<SealStanza, { readonly type: T }>

/** A declarative audit device. */
export type AuditStanza = { readonly type: string; readonly path: string } & ConfigOf<typeof auditSchema>

/** `type` is `all`, or the type of an auth method. */
export type LockoutStanza = { readonly type: string } & ConfigOf<typeof lockoutSchema>

export interface Stanzas {
  readonly listeners: readonly Placed<ListenerStanza>[]
  readonly storages: readonly Placed<StorageStanza>[]
  readonly seals: readonly Placed<SealStanza>[]
  readonly audits: readonly Placed<AuditStanza>[]
  readonly lockouts: readonly Placed<LockoutStanza>[]
  readonly initializes: readonly Placed<InitializeStanza>[]
  readonly telemetry: Given | undefined
}

export const stanzaNames = [
  'listener',
  'storage',
  'backend',
  'seal',
  'audit',
  'user_lockout',
  'initialize',
  'telemetry',
] as const

export function readStanzas(items: readonly Item[], findings: Findings, environment: Environment): Stanzas {
  const each = <T>(
    name: string,
    labels: readonly string[],
    read: (block: Block, type: string) => T | undefined,
  ): Placed<T>[] => {
    const { found, misfits } = blocks(items, name, labels.length)
    for (const item of misfits)
      findings.problem(item.at, `${name} takes ${labels.map((label) => `"${label}"`).join(' ')} and an object`)
    const out: Placed<T>[] = []
    for (const block of found) {
      const value = read(block, block.labels[0]?.name.toLowerCase() ?? '')
      if (value !== undefined) out.push({ value, at: block.item.at, findings })
    }
    return out
  }
  return {
    listeners: each('listener', ['type'], (block, type) => readListener(block, type, findings)),
    storages: [
      ...each('storage', ['type'], (block, type) => readStorage(block, type, findings, environment)),
      ...each('backend', ['type'], (block, type) => readStorage(block, type, findings, environment)),
    ],
    seals: each('seal', ['type'], (block, type) => readSeal(block, type, findings, environment)),
    audits: each('audit', ['type', 'path'], (block, type) => readAudit(block, type, findings)),
    lockouts: each('user_lockout', ['type'], (block, type) => readLockout(block, type, findings)),
    initializes: each('initialize', ['name'], (block) => readInitialize(block, findings)),
    telemetry: readTelemetry(items, findings),
  }
}

function sectionOf<S extends Schema>(block: Block, schema: S, where: string, findings: Findings): ConfigOf<S> {
  return complete(schema, readSection(block.value.items, schema, where, findings))
}

function unknownType(
  block: Block,
  stanza: string,
  type: string,
  known: readonly string[],
  findings: Findings,
): undefined {
  const near = nearest(type, known)
  const hint = near === undefined ? '' : `; did you mean "${near}"?`
  return findings.problem(
    block.labels[0]?.at ?? block.item.at,
    `${stanza} "${type}" is not supported: it takes ${known.map((one) => `"${one}"`).join(', ')}${hint}`,
  )
}

function readListener(block: Block, type: string, findings: Findings): ListenerStanza | undefined {
  const where = ` in listener "${type}"`
  if (type === 'tcp') return { type, ...sectionOf(block, tcpSchema, where, findings) }
  if (type === 'unix') return { type, ...sectionOf(block, unixSchema, where, findings) }
  return unknownType(block, 'listener', type, ['tcp', 'unix'], findings)
}

/** `storage "file"` is another name for the embedded store. */
export function readStorage(
  block: Block,
  named: string,
  findings: Findings,
  environment: Environment,
): StorageStanza | undefined {
  const type = named === 'file' ? 'lmdb' : named
  if (!isStorageType(type))
    return unknownType(block, 'storage', type, [...Object.keys(storageSchemas), 'file'], findings)
  const schema = storageSchemas[type]
  const before = findings.problems.length
  const given = readSection(block.value.items, schema, ` in storage "${named}"`, findings)
  const place = { at: block.item.at, where: `storage "${named}"`, findings, yields: false }
  const whole = withEnvironment(schema, given, environment, place)
  if (findings.problems.length > before) return undefined
  // Which of the types it is, TypeScript cannot follow: type and schema come from one row of the table.
  return { type, ...complete(schema, whole) } as StorageStanza
}

function isStorageType(type: string): type is StorageType {
  return Object.hasOwn(storageSchemas, type)
}

function readSeal(block: Block, type: string, findings: Findings, environment: Environment): SealStanza | undefined {
  if (!isSealType(type)) return unknownType(block, 'seal', type, Object.keys(sealSchemas), findings)
  const schema = sealSchemas[type]
  const before = findings.problems.length
  const given = readSection(block.value.items, schema, ` in seal "${type}"`, findings)
  // Of two seals of one kind, the environment is meant for the one that is in use.
  const yields = given.get('disabled') === true
  const isFaulty = findings.problems.length > before
  const faulty = new Set(isFaulty ? block.value.items.map(({ keys: [key] }) => key.name) : [])
  const place = { at: block.item.at, where: `seal "${type}"`, findings, faulty, yields }
  // Which of the types it is, TypeScript cannot follow: type and schema come from one row of the table.
  return { type, ...complete(schema, withEnvironment(schema, given, environment, place)) } as SealStanza
}

function isSealType(type: string): type is SealType {
  return Object.hasOwn(sealSchemas, type)
}

function readAudit(block: Block, type: string, findings: Findings): AuditStanza | undefined {
  const path = (block.labels[1]?.name ?? '').replace(/^\/+|\/+$/g, '')
  if (path === '') return findings.problem(block.item.at, `audit "${type}" takes a path that is not empty`)
  return { type, path: `${path}/`, ...sectionOf(block, auditSchema, ` in audit "${type}" "${path}"`, findings) }
}

function readLockout(block: Block, type: string, findings: Findings): LockoutStanza {
  return { type, ...sectionOf(block, lockoutSchema, ` in user_lockout "${type}"`, findings) }
}

function readTelemetry(items: readonly Item[], findings: Findings): Given | undefined {
  const { found, misfits } = blocks(items, 'telemetry', 0)
  for (const item of misfits) findings.problem(item.at, 'telemetry takes an object and no label')
  const [first, second] = found
  if (second !== undefined) findings.problem(second.item.at, 'only one telemetry stanza can stand in a file')
  return first === undefined ? undefined : readSection(first.value.items, telemetrySchema, ' in telemetry', findings)
}
