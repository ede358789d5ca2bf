import type { LeaseCountRule } from '../rule.ts'

/** For everything, unless `more` says otherwise. */
export function leaseCountRule(name: string, maxLeases: number, more: Partial<LeaseCountRule> = {}): LeaseCountRule {
  return {
    type: 'lease-count',
    name,
    id: name,
    namespaceId: 'root',
    namespacePath: '',
    mountUuid: '',
    suffix: '',
    role: '',
    inheritable: false,
    maxLeases,
    ...more,
  }
}
