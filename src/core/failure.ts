/** Whatever was thrown, as one of our errors. What we did not foresee becomes "internal error"; its cause is for the log alone. */
import { CofferError } from '../errors/coffer-error.ts'
import { requestErrors } from '../errors/request.ts'

export function toCofferError(error: unknown): CofferError {
  return error instanceof CofferError ? error : requestErrors.INTERNAL(undefined, { cause: error })
}
