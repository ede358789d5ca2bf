/** Fields and parameters that several paths share. */
import { f } from '#framework'
import { transitErrors } from '../errors.ts'
import { keyTypeNames, keyTypeOf, withParameterSet, type KeyType } from '../key-types.ts'

export const keyName = f.name('Name of the key.')

export const context = f
  .string('What a key is derived with, in base64; required with keys that are derived, without effect with others.')
  .default('')

export const keyVersion = f.int('Version of the key that is used; 0 for the latest.').default(0)

export const partialFailureCode = f
  .int('HTTP status where some items of a batch fail and others do not, instead of 400.')
  .optional()

export const associatedData = f
  .string('What the ciphertext is bound to without holding it, in base64: decryption needs the same.')
  .default('')

export const autoRotatePeriod = f.duration(
  'After how long the key rotates by itself: 0 for never, or at least an hour.',
)

/** A type by its name. Throws `TRANSIT_KEY_TYPE`. */
export function typeNamed(name: string, parameterSet = ''): KeyType {
  const full = withParameterSet(name, parameterSet)
  const type = keyTypeOf(full)
  if (type !== undefined) return type
  if (name === 'managed_key') throw transitErrors.MANAGED_KEY()
  if (full !== name) throw transitErrors.PARAMETER_SET({ known: setsOf(name).join(', ') })
  throw transitErrors.KEY_TYPE({ known: keyTypeNames.join(', ') })
}

function setsOf(family: string): string[] {
  const names = keyTypeNames.filter((name) => name.startsWith(`${family}-`))
  return family === 'slh-dsa' ? names : names.map((name) => name.slice(family.length + 1))
}
