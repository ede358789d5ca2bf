/** Groups in groups. */

/** All that is above the given ones, however far, in the order in which it is come to; each once, and none of the given ones. */
export async function above(
  start: readonly string[],
  parentsOf: (id: string) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const seen = new Set(start)
  const found: string[] = []
  const open = [...start]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const parent of await parentsOf(id)) {
      if (seen.has(parent)) continue
      seen.add(parent)
      found.push(parent)
      open.push(parent)
    }
  }
  return found
}
