/** The reply of a LIST as a table. */
import type { Secret } from '../client/secret.ts'
import { entriesOf, plainText } from '../tree.ts'
import type { JsonTree } from '../tree.ts'
import { table } from './columns.ts'
import { byCodePoint, fieldText } from './go-text.ts'
import { printWarnings } from './secret-table.ts'
import type { Ui } from './ui.ts'

/** One column, or with `-detailed` one for each thing that `key_info` tells. Empty for no keys. */
export function listTable(ui: Ui, secret: Secret, listed: readonly JsonTree[]): string {
  printWarnings(ui, secret)
  const keys = listed.map(plainText).toSorted(byCodePoint)
  if (keys.length === 0) return ''
  const info = ui.detailed ? entriesOf(secret.data?.get('key_info')) : undefined
  if (info === undefined || info.size === 0)
    return table(
      ['Keys'],
      keys.map((key) => [key]),
    )
  const names = infoNames(keys, info)
  return table(
    ['Keys', ...names],
    keys.map((key) => [key, ...infoCells(info.get(key), names)]),
  )
}

function infoNames(keys: readonly string[], info: ReadonlyMap<string, JsonTree>): string[] {
  const names = new Set<string>()
  for (const key of keys)
    for (const name of (entriesOf(info.get(key)) ?? new Map<string, JsonTree>()).keys()) names.add(name)
  return [...names].toSorted(byCodePoint)
}

function infoCells(node: JsonTree | undefined, names: readonly string[]): string[] {
  const members = entriesOf(node)
  if (members === undefined) return []
  return names.map((name) => {
    const value = members.get(name)
    return value === undefined ? 'n/a' : fieldText(name, value)
  })
}
