import type { PathDefinition } from '#framework'
import type { QuotasPort } from '../../../request/quota-ports.ts'
import { quotaConfigPaths } from './quotas-config.ts'
import { leaseCountPaths } from './quotas-lease-count.ts'
import { rateLimitPaths } from './quotas-rate-limit.ts'

/** `sys/quotas`. */
export const quotaPaths = (quotas: QuotasPort): readonly PathDefinition[] => [
  ...quotaConfigPaths(quotas),
  ...rateLimitPaths(quotas),
  ...leaseCountPaths(quotas),
]
