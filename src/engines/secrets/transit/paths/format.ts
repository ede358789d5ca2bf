import { transitErrors } from '../errors.ts'

/** Throws `TRANSIT_FORMAT`. */
export function formatNamed(format: string): 'hex' | 'base64' {
  if (format !== 'hex' && format !== 'base64') throw transitErrors.FORMAT()
  return format
}
