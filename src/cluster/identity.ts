/** What a node says of itself to the others: in the election while it leads, and in its echoes while it follows. */
export interface NodeIdentity {
  /** Made at each start. */
  readonly id: string
  readonly hostname: string
  /** Where it answers clients. */
  readonly apiAddress: string
  /** Where it answers other nodes. */
  readonly clusterAddress: string
  readonly version: string
}

export function encodeIdentity(identity: NodeIdentity): string {
  return JSON.stringify(identity)
}

/** Undefined for what is none: another version may have written it. */
export function decodeIdentity(text: string): NodeIdentity | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined
  const members = new Map<string, unknown>(Object.entries(parsed))
  const string = (name: string): string => {
    const value = members.get(name)
    return typeof value === 'string' ? value : ''
  }
  const id = string('id')
  if (id === '') return undefined
  return {
    id,
    hostname: string('hostname'),
    apiAddress: string('apiAddress'),
    clusterAddress: string('clusterAddress'),
    version: string('version'),
  }
}
