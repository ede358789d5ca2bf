/** What a ciphertext is bound to: a context, of which a key is derived, and associated data. */
import { fromBase64 } from '../base64.ts'
import { transitErrors } from '../errors.ts'
import { encrypts, takesAssociatedData } from '../key-types.ts'
import type { LoadedKey } from '../loaded-key.ts'

/** Throws `TRANSIT_MIXED_CONTEXTS`. */
export function assertAlike(items: readonly { readonly context: string }[]): void {
  const [first] = items
  if (items.some((item) => (item.context === '') !== (first?.context === ''))) throw transitErrors.MIXED_CONTEXTS()
}

/** Undefined where there is none. */
export function associatedOf({ key: { type } }: LoadedKey, text: string, where: string): Uint8Array | undefined {
  if (text === '') return undefined
  // What does not encrypt at all is told so in other words.
  if (encrypts(type) && !takesAssociatedData(type)) throw transitErrors.ASSOCIATED_DATA({ where, type: type.name })
  return fromBase64(text)
}
