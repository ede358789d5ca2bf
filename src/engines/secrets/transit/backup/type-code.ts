/**
 * By which numbers backups name types. Vault has managed keys at 10 and HMAC keys at 11; the reference has HMAC keys at 10 and XChaCha20
 * at 11. A managed key has no material, so 10 is an HMAC key; at 11 it is one whose two keys are the same, as they are of no other type.
 */
import { keyTypes, type KeyType } from '../key-types.ts'

const REFERENCE_HMAC = 10
const AMBIGUOUS = 11

/** Undefined for a number that stands for nothing here. */
export function typeOfCode(code: number, hasOneSecret: boolean): KeyType | undefined {
  const isHmac = code === REFERENCE_HMAC || (code === AMBIGUOUS && hasOneSecret)
  if (code === REFERENCE_HMAC || code === AMBIGUOUS)
    return keyTypes.find(({ name }) => name === (isHmac ? 'hmac' : 'xchacha20-poly1305'))
  return keyTypes.find((type) => type.code === code)
}
