import { blocks, duplicates } from '../lib/hcl/index.ts'
import type { Environment } from './field.ts'
import { ConfigError, type Findings } from './problem.ts'
import { readSources } from './source.ts'
import { readStorage, type StorageStanza } from './stanzas.ts'

/** What `operator migrate` is told: from where, and to where. */
export interface MigrationConfig {
  readonly source: StorageStanza
  readonly destination: StorageStanza
}

const SOURCE = 'storage_source'
const DESTINATION = 'storage_destination'
/** Belongs to Vault's own cluster storage, which needs to know it. */
const IGNORED = 'cluster_addr'

/** Reads one file with the stanzas `storage_source` and `storage_destination`. Throws a `ConfigError` with everything that is wrong. */
export function loadMigration(path: string, environment: Environment = () => undefined): MigrationConfig {
  const found: { source?: StorageStanza; destination?: StorageStanza } = {}
  const sources = readSources([path])
  for (const { document, findings } of sources) {
    if (document === undefined) continue
    for (const {
      keys: [key],
    } of duplicates(document.items))
      findings.problem(key.at, `the key "${key.name}" is given a second time`)
    for (const { keys, at } of document.items)
      if (![SOURCE, DESTINATION, IGNORED].includes(keys[0].name))
        findings.problem(at, `a migration takes ${SOURCE} and ${DESTINATION}, not ${keys[0].name}`)
    const only = (name: string): StorageStanza | undefined => {
      const { found: stanzas, misfits } = blocks(document.items, name, 1)
      for (const item of misfits) findings.problem(item.at, `${name} takes "type" and an object`)
      const [block] = stanzas
      if (block === undefined || stanzas.length > 1)
        return findings.problem(stanzas[1]?.item.at, `exactly one "${name}" block is required`)
      const stanza = readStorage(block, block.labels[0]?.name.toLowerCase() ?? '', findings, environment)
      return stanza?.type === 'inmem' ? refuseMemory(block.item.at, name, findings) : stanza
    }
    Object.assign(found, { source: only(SOURCE), destination: only(DESTINATION) })
  }
  const problems = sources.flatMap(({ findings }) => findings.problems)
  const { source, destination } = found
  if (problems.length > 0 || source === undefined || destination === undefined) throw new ConfigError(problems)
  return { source, destination }
}

function refuseMemory(at: Parameters<Findings['problem']>[0], name: string, findings: Findings): undefined {
  return findings.problem(at, `${name} "inmem" keeps nothing beyond a server's life`)
}
