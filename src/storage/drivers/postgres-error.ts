/**
 * What the library's errors mean. Its objects refer to the client they come from and may quote rows, so none is passed on: the cause
 * that the log shows says the code and the sentence, without the password.
 */
import pg from 'pg'
import { CofferError } from '../../errors/coffer-error.ts'
import { storageErrors } from '../../errors/storage.ts'

/** What the server or the connection said. */
class PostgresError extends Error {
  /** SQLSTATE, or the system's code where the connection failed. */
  readonly code: string | undefined

  constructor(message: string, code: string | undefined) {
    super(message)
    this.name = 'PostgresError'
    this.code = code
  }
}

/** Turns errors into the family's, for one set of secrets that no message may show. */
export class ErrorTranslator {
  readonly #secrets: readonly string[]

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets.filter((secret) => secret !== '')
  }

  /** Errors that are of the family already stay what they are. */
  translate(error: unknown): CofferError {
    if (error instanceof CofferError) return error
    const cause = this.clean(error)
    // Class 53: no disk space, no memory, no connections left. The last is nothing that a larger disk would help with.
    const full = cause.code?.startsWith('53') === true && cause.code !== '53300'
    return (full ? storageErrors.FULL : storageErrors.UNAVAILABLE)(undefined, { cause })
  }

  clean(error: unknown): PostgresError {
    const code = codeOf(error)
    let message = error instanceof Error ? error.message : String(error)
    for (const secret of this.#secrets) message = message.replaceAll(secret, '[redacted]')
    return new PostgresError(message === '' ? (code ?? 'the connection failed') : message, code)
  }
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Whether the server answered that the statement failed, and goes on: what it was to do has not been done then and never will. */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return false
  const code = error.code ?? ''
  // Class 08 is of the connection, 57P of a server that stops, 40003 of an outcome that it does not know itself.
  return error.severity !== 'FATAL' && error.severity !== 'PANIC' && !/^(?:08|57P|40003)/.test(code)
}

/** Whether the server answered that it does not have what the statement uses, or keeps it from this role: it will always say so. */
export function isLacking(error: unknown): boolean {
  // Class 42 is of names and rights, 0A of what is not supported, 22023 of a value that a setting does not take.
  return isRefusal(error) && /^(?:42|0A|22023)/.test(codeOf(error) ?? '')
}
