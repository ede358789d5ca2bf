/** What goes wrong between this process and etcd, and what that is to the callers of the driver. */
import { status } from '@grpc/grpc-js'
import { CofferError } from '../../errors/coffer-error.ts'
import { storageErrors } from '../../errors/storage.ts'

/** A call that failed: for the log. It holds nothing of the request. */
export class EtcdError extends Error {
  readonly code: status

  constructor(code: status, details: string) {
    super(`${status[code] ?? code}: ${details}`)
    this.name = 'EtcdError'
    this.code = code
  }

  /** etcd gives one code to several errors and tells them apart by these texts: they are part of its protocol. */
  get noSpace(): boolean {
    return this.code === status.RESOURCE_EXHAUSTED && this.message.includes('database space exceeded')
  }
}

const REFUSALS: ReadonlySet<status> = new Set([
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.PERMISSION_DENIED,
  status.FAILED_PRECONDITION,
  status.OUT_OF_RANGE,
  status.UNIMPLEMENTED,
  status.UNAUTHENTICATED,
])

/** Whether etcd said no, so that nothing was done; otherwise it may have been done, and asking again may help. */
export function isRefusal(error: unknown): boolean {
  return error instanceof EtcdError && (error.noSpace || REFUSALS.has(error.code))
}

export function hasCode(error: unknown, code: status): boolean {
  return error instanceof EtcdError && error.code === code
}

export function storageErrorOf(error: unknown): CofferError {
  if (error instanceof CofferError) return error
  const full = error instanceof EtcdError && error.noSpace
  return (full ? storageErrors.FULL : storageErrors.UNAVAILABLE)(undefined, { cause: error })
}
