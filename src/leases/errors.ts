import { defineErrors } from '../errors/coffer-error.ts'

export const leaseErrors = defineErrors('LEASE', {
  NOT_FOUND: { status: 400, message: 'lease not found' },
  EXPIRED: { status: 400, message: 'lease expired' },
  NOT_RENEWABLE: { status: 400, message: 'lease is not renewable' },
  IRREVOCABLE: { status: 400, message: 'lease is expired and has failed previous revocation attempts' },
  IS_TOKEN: { status: 400, message: 'tokens cannot be renewed through this endpoint' },
  PAST_MAX_TTL: { status: 400, message: 'past the max TTL, cannot renew' },
  NO_CALLER: { status: 500, message: 'internal error' },
  ENGINE_GONE: { status: 400, message: 'failed to revoke entry: the engine that issued the lease is not mounted' },
  REVOKE_FAILED: { status: 400, message: (p: { reason: string }) => `failed to revoke entry: ${p.reason}` },
})
