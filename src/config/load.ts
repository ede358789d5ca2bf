import { duplicates } from '../lib/hcl/index.ts'
import type { ConfigOf, Environment } from './field.ts'
import type { ConfigProblem } from './problem.ts'
import { ConfigError, Findings } from './problem.ts'
import { serverSchema } from './schema/server.ts'
import { telemetrySchema } from './schema/telemetry.ts'
import type { Given } from './section.ts'
import { complete, mergeGiven, readSection, withEnvironment } from './section.ts'
import type { ServerConfig } from './server-config.ts'
import type { SourceFile } from './source.ts'
import { readSources } from './source.ts'
import type { Stanzas } from './stanzas.ts'
import { readStanzas, stanzaNames } from './stanzas.ts'
import { checkStanzas } from './validate.ts'

type ServerKeys = ConfigOf<typeof serverSchema>

export interface LoadResult {
  readonly config: ServerConfig
  /** Keys without effect, with their places. */
  readonly warnings: readonly ConfigProblem[]
  /** Files that other users of the machine can read or change. */
  readonly exposures: readonly ConfigProblem[]
  /** Those that were read, in order. */
  readonly files: readonly string[]
}

/**
 * Reads files and folders in their order: of a key given twice the later counts (booleans: either; lease lifetimes: the greater), stanzas
 * add up, of two storages the later counts. Seals are also given by variables of the environment. Throws a `ConfigError` with everything
 * that is wrong with all of them.
 */
export function loadConfig(paths: readonly string[], environment: Environment = () => undefined): LoadResult {
  const sources = readSources(paths)
  const none = new Findings('')
  if (paths.length === 0) none.problem(undefined, 'no configuration is given: -config takes a file or a folder')
  let given: Given = new Map()
  let telemetry: Given = new Map()
  const stanzas: Stanzas[] = []
  for (const source of sources) {
    const read = readFile(source, environment)
    if (read === undefined) continue
    given = mergeGiven(serverSchema, given, read.given)
    stanzas.push(read.stanzas)
    if (read.stanzas.telemetry !== undefined) telemetry = read.stanzas.telemetry
  }
  const all = join(stanzas)
  checkStanzas(all)
  const at = { line: 1, column: 1, offset: 0 }
  given = withEnvironment(serverSchema, given, environment, { at, where: 'the server', findings: none, yields: false })
  const server = complete(serverSchema, given)
  checkTogether(all, given, server, none, sources)
  const storage = all.storages.at(-1)?.value
  const findings = [...sources.map((source) => source.findings), none]
  const problems = findings.flatMap((one) => one.problems.toSorted(byPlace))
  if (problems.length > 0 || storage === undefined) throw new ConfigError(problems)
  const config: ServerConfig = Object.freeze({
    ...server,
    listeners: all.listeners.map(({ value }) => Object.freeze(value)),
    storage: Object.freeze(storage),
    seals: all.seals.map(({ value }) => value),
    audits: all.audits.map(({ value }) => Object.freeze(value)),
    lockouts: all.lockouts.map(({ value }) => Object.freeze(value)),
    initializes: all.initializes.map(({ value }) => Object.freeze(value)),
    telemetry: complete(telemetrySchema, telemetry),
  })
  return {
    config,
    warnings: findings.flatMap((one) => one.warnings.toSorted(byPlace)),
    exposures: findings.flatMap((one) => one.exposures),
    files: sources.map((source) => source.findings.file),
  }
}

function byPlace(a: ConfigProblem, b: ConfigProblem): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)
}

function readFile(
  { document, findings }: SourceFile,
  environment: Environment,
): { readonly given: Given; readonly stanzas: Stanzas } | undefined {
  if (document === undefined) return undefined
  for (const {
    keys: [key],
  } of duplicates(document.items)) {
    findings.problem(key.at, `the key "${key.name}" is given a second time`)
  }
  const stanzas = readStanzas(document.items, findings, environment)
  if (stanzas.storages.length > 1)
    findings.problem(stanzas.storages[1]?.at, 'only one storage stanza can stand in a file')
  return { given: readSection(document.items, serverSchema, '', findings, stanzaNames), stanzas }
}

function join(parts: readonly Stanzas[]): Stanzas {
  return {
    listeners: parts.flatMap((part) => part.listeners),
    storages: parts.flatMap((part) => part.storages),
    seals: parts.flatMap((part) => part.seals),
    audits: parts.flatMap((part) => part.audits),
    lockouts: parts.flatMap((part) => part.lockouts),
    initializes: parts.flatMap((part) => part.initializes),
    telemetry: undefined,
  }
}

/** Asked only where every file could be read: else what seems missing may stand in the one that couldn't. */
function checkTogether(
  all: Stanzas,
  given: Given,
  server: ServerKeys,
  none: Findings,
  sources: readonly SourceFile[],
): void {
  if (sources.length === 0 || sources.some((source) => source.findings.problems.length > 0)) return
  if (all.storages.length === 0)
    none.problem(undefined, 'a storage stanza is needed: storage "lmdb" { path = "/var/lib/coffer" }')
  if (all.listeners.length === 0)
    none.problem(undefined, 'a listener stanza is needed: listener "tcp" { address = "127.0.0.1:8200" … }')
  if (given.has('default_lease_ttl') && server.defaultLeaseTtl > server.maxLeaseTtl)
    none.problem(undefined, 'default_lease_ttl is above max_lease_ttl')
}
