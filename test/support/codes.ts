import { CofferError } from '../../src/errors/coffer-error.ts'

/** The code of what `fn` throws; empty if it throws nothing. Another error than one of the family is the test's. */
export function codeOf(fn: () => unknown): string {
  try {
    fn()
    return ''
  } catch (error) {
    return codeIn(error)
  }
}

export async function codeOfRejection(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return ''
  } catch (error) {
    return codeIn(error)
  }
}

function codeIn(error: unknown): string {
  if (error instanceof CofferError) return error.code
  throw error
}
