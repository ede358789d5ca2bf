/** Errors on their way between threads: only what a client may see crosses. */
import { CofferError } from '../../errors/coffer-error.ts'
import { requestErrors } from '../../errors/request.ts'
import type { Failure } from './messages.ts'

export function failureOf(error: unknown): Failure {
  const { code, status, messages } =
    error instanceof CofferError ? error : requestErrors.INTERNAL(undefined, { cause: error })
  return { code, status, messages }
}

export function errorOf({ code, status, messages }: Failure): CofferError {
  return new CofferError(code, status, messages)
}
