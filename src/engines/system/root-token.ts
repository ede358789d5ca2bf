/** A generated root token on its way to the one who asked for it: XORed with a one-time password, in base64 without padding. */
import { ceremonyErrors } from '../../errors/ceremony.ts'

/** Throws `CEREMONY_DECODE_BASE64` or `CEREMONY_DECODE_LENGTH`. */
export function decodeRootToken(encoded: string, otp: string): string {
  if (!/^[A-Za-z0-9+/]+$/.test(encoded) || encoded.length % 4 === 1) throw ceremonyErrors.DECODE_BASE64()
  const bytes = Buffer.from(encoded, 'base64')
  const password = Buffer.from(otp)
  if (password.length !== bytes.length)
    throw ceremonyErrors.DECODE_LENGTH({ token: bytes.length, otp: password.length })
  return Buffer.from(bytes.map((byte, i) => byte ^ (password[i] ?? 0))).toString()
}
