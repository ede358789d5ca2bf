/** Keys of namespaces as the heads of frames. What comes from another node is checked like everything that comes from outside. */

/** Names of homes. */
export function decodeNames(head: unknown): readonly string[] {
  return Array.isArray(head) ? head.filter((name) => typeof name === 'string') : []
}

export function encodeKeys(keys: ReadonlyMap<string, Uint8Array>): unknown {
  return [...keys].map(([name, handed]) => [name, Buffer.from(handed).toString('base64')])
}

export function decodeKeys(head: unknown): ReadonlyMap<string, Uint8Array> {
  const keys = new Map<string, Uint8Array>()
  for (const pair of listOf(head)) {
    const [name, handed] = listOf(pair)
    if (typeof name === 'string' && typeof handed === 'string') keys.set(name, Buffer.from(handed, 'base64'))
  }
  return keys
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
