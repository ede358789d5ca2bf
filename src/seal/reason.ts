import { CofferError } from '../errors/coffer-error.ts'

const MAX_LENGTH = 400

/** For the log: what went wrong with a seal. Clients are not told, since an address or an account may stand in it. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof CofferError && error.cause !== undefined ? error.cause : error
  if (!(cause instanceof Error)) return 'unknown'
  const name = cause.name === 'Error' ? '' : `${cause.name}: `
  return `${name}${cause.message}`.replaceAll(/\s+/g, ' ').slice(0, MAX_LENGTH)
}
