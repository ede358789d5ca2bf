import { systemErrors } from './errors.ts'

/** A name is spelt as access rules spell it, so that no rule about it is passed by. */
export function unslashed(name: string): string {
  if (name.endsWith('/')) throw systemErrors.TRAILING_SLASH()
  return name
}
