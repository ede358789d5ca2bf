/** A block of a file: what is to be there, and how. */
import type { Kind } from './kind.ts'
import type { Value } from './value.ts'

export interface Declaration {
  readonly kind: Kind
  readonly id: string
  /** File and line. */
  readonly place: string
  readonly fields: ReadonlyMap<string, Given>
}

/** What a field is to be. */
export interface Given {
  readonly place: string
  /** Looks references up. Throws `DeclarationError`. */
  value(): Value
  /** Where some of it comes from elsewhere: as it is written. Then its value is shown to nobody. */
  readonly from: string | undefined
}
