/** Lists of secrets engines and auth methods. */
import { failure, attempt } from '../../failure.ts'
import type { Flags } from '../../flags/flag.ts'
import { table } from '../../output/columns.ts'
import { goText, sortedEntries } from '../../output/go-text.ts'
import { printData } from '../../output/print.ts'
import { mountShape, shapedMap } from '../../output/structs.ts'
import type { Run } from '../../run.ts'
import { booleanOf, entriesOf, member, numberOf, plainText, tree } from '../../tree.ts'
import type { JsonEntries, JsonTree } from '../../tree.ts'

type Column = readonly [heading: string, cell: (path: string, mount: JsonTree) => string]

/** A column with a member of the mount. */
export function column(heading: string, name: string): Column {
  return [heading, (_, mount) => plainText(member(mount, name))]
}

export const pathColumn: Column = ['Path', (path) => path]

const ttl = (heading: string, name: string): Column => [
  heading,
  (_, mount) => {
    if (['system', 'cubbyhole'].includes(plainText(member(mount, 'type')))) return ''
    const seconds = numberOf(member(mount, 'config', name)) ?? 0
    return seconds === 0 ? 'system' : String(seconds)
  },
]

const truth = (heading: string, ...names: readonly string[]): Column => [
  heading,
  (_, mount) => String(booleanOf(member(mount, ...names)) ?? false),
]

export const forceNoCache = truth('Force No Cache', 'config', 'force_no_cache')
export const tokenType: Column = ['Token Type', (_, mount) => plainText(member(mount, 'config', 'token_type'))]

/** `kind` is the column in which the two kinds of mounts differ. */
export function detailedColumns(kind: Column): readonly Column[] {
  return [
    pathColumn,
    column('Plugin', 'type'),
    column('Accessor', 'accessor'),
    ttl('Default TTL', 'default_lease_ttl'),
    ttl('Max TTL', 'max_lease_ttl'),
    kind,
    ['Replication', (_, mount) => (booleanOf(member(mount, 'local')) === true ? 'local' : 'replicated')],
    truth('Seal Wrap', 'seal_wrap'),
    truth('External Entropy Access', 'external_entropy_access'),
    ['Options', (_, mount) => goText({ kind: 'object', entries: entriesOf(member(mount, 'options')) ?? new Map() })],
    column('Description', 'description'),
    column('UUID', 'uuid'),
    column('Version', 'plugin_version'),
    column('Running Version', 'running_plugin_version'),
    column('Running SHA256', 'running_sha256'),
    column('Deprecation Status', 'deprecation_status'),
  ]
}

export async function listMounts(
  run: Run<Flags>,
  request: { readonly path: string; readonly what: string },
  columnSets: { readonly simple: readonly Column[]; readonly detailed: readonly Column[] },
): Promise<number> {
  run.expectArgs(0)
  const what = `Error listing ${request.what}`
  const answer = await attempt(what, (await run.client()).send({ method: 'GET', path: request.path }))
  if (answer?.data === undefined) throw failure(`${what}: data from server response is empty`)
  if (!run.ui.isTable) return printData(run.ui, shapedMap(tree(answer.data), mountShape), true)
  run.ui.print(mountTable(answer.data, run.ui.detailed ? columnSets.detailed : columnSets.simple))
  return 0
}

function mountTable(mounts: JsonEntries, columns: readonly Column[]): string {
  const headings = columns.map(([heading]) => heading)
  return table(
    headings,
    sortedEntries(mounts).map(([path, mount]) => columns.map(([, cell]) => cell(path, mount))),
  )
}
