import type { Operation } from '../request/operation.ts'

/** What a rule can grant. `root` is not among them: only the root policy has it. */
export const capabilityNames = [
  'deny',
  'create',
  'read',
  'update',
  'delete',
  'list',
  'sudo',
  'patch',
  'scan',
  'subscribe',
  'recover',
] as const
export type Capability = (typeof capabilityNames)[number]

/** A set of capabilities, one bit each. */
export type CapabilitySet = number

const BITS: ReadonlyMap<string, CapabilitySet> = new Map(capabilityNames.map((name, index) => [name, 1 << index]))

export function capabilityBit(name: Capability): CapabilitySet {
  return BITS.get(name) ?? 0
}

export function findCapability(name: string): CapabilitySet | undefined {
  return BITS.get(name)
}

export const DENY = capabilityBit('deny')
export const SUDO = capabilityBit('sudo')

/** In the order of the alphabet, as `sys/capabilities` answers. */
export function namesOf(set: CapabilitySet): readonly string[] {
  return capabilityNames.filter((name) => (set & capabilityBit(name)) !== 0).toSorted()
}

/** What `policy = "…"` of the oldest policies stands for. */
export const legacyPolicies: ReadonlyMap<string, readonly Capability[]> = new Map([
  ['deny', ['deny']],
  ['read', ['read', 'list']],
  ['write', ['create', 'read', 'update', 'delete', 'list']],
  ['sudo', ['create', 'read', 'update', 'delete', 'list', 'sudo']],
])

/** What a check can be asked about. Renewing, revoking and rolling back count as `update`. */
export type AclOperation = Operation | 'subscribe' | 'recover'

/** Operations and the capability each needs bear the same names; `help` needs none. */
export function neededFor(operation: Exclude<AclOperation, 'help'>): CapabilitySet {
  return capabilityBit(operation)
}
