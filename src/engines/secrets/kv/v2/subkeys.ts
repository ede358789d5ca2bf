/** The shape of a secret without its values. */
import { parseTree, type JsonOut, type JsonTree } from '../../../../lib/json/index.ts'
import type { RawJson } from '#framework'

/**
 * Names at every level, each leaf null: what is no object, or is an empty one. Objects at level `depth` are leaves too; 0 goes
 * all the way down.
 */
export function subkeysOf(data: RawJson, depth: number): JsonOut {
  const tree = parseTree(data.text)
  return tree.kind === 'object' ? strip(tree.entries, 1, depth) : null
}

function strip(entries: ReadonlyMap<string, JsonTree>, level: number, depth: number): JsonOut {
  const out = new Map<string, JsonOut>()
  for (const [name, value] of entries) {
    const goesOn = value.kind === 'object' && value.entries.size > 0 && (depth === 0 || level < depth)
    out.set(name, goesOn ? strip(value.entries, level + 1, depth) : null)
  }
  return out
}
