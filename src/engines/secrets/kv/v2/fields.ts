/** Fields that the mount's configuration and a secret's metadata share. A null sets each back to what it is at first. */
import { f, type Field } from '#framework'

/** Vault keeps it in 32 bits. */
const MOST_VERSIONS = 2 ** 32 - 1

export const maxVersions = f
  .int('How many versions of a secret are kept; 0 for the default.')
  .check(`a whole number from 0 to ${MOST_VERSIONS}`, (count) => count >= 0 && count <= MOST_VERSIONS)
  .orNull()

export const casRequired = f.bool('Every write must say which version it replaces.').orNull()

export const metadataCasRequired = f.bool('Every change of metadata must say which state it replaces.').orNull()

type Given<T> = T extends Field<infer V> ? V : never

/** The value after a request that may leave it, set it, or reset it with a null. */
export function settled<T>(given: Given<Field<T | null | undefined>>, before: T, initial: T): T {
  return given === undefined ? before : (given ?? initial)
}
