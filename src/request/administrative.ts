/** The namespace that an operator hands to whoever administers the tenants: it is told more of the server than others. */

export interface AdministrativeNamespace {
  /** Ends with `/`. */
  readonly path: string
  /** Paths of the system, as `health`, that are answered there although they are the root namespace's. */
  readonly endpoints: ReadonlySet<string>
}

/** Those that only tell something, and the quotas of what is below it; what else changes the server stays with its operators. */
export const admittedEndpoints: readonly string[] = [
  'ha-status',
  'health',
  'host-info',
  'in-flight-req',
  'key-status',
  'leader',
  'metrics',
  'quotas/config',
  'quotas/lease-count',
  'quotas/rate-limit',
  'seal-status',
  'version-history',
]

/** Where nothing else is configured. */
export const usualEndpoints: readonly string[] = ['health', 'leader', 'metrics', 'seal-status']
