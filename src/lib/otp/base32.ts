/** Base32 (RFC 4648), in which keys of one-time passwords are written. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const VALUES = new Map([...ALPHABET, ...ALPHABET.toLowerCase()].map((character, at) => [character, at % 32]))
/** How many characters a last group can have. */
const WHOLE_BYTES = new Set([0, 2, 4, 5, 7])

/** Without padding. */
export function toBase32(bytes: Uint8Array): string {
  let out = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      out += ALPHABET.charAt((held >> bits) & 31)
    }
    held &= (1 << bits) - 1
  }
  return bits === 0 ? out : out + ALPHABET.charAt((held << (5 - bits)) & 31)
}

/** The bytes, in either case and with or without padding; where it is no Base32, the index of what is wrong. */
export function fromBase32(text: string): Uint8Array | { readonly wrongAt: number } {
  const wrongAt = faultIn(text)
  if (wrongAt !== undefined) return { wrongAt }
  const out: number[] = []
  let bits = 0
  let held = 0
  for (const character of withoutPadding(text)) {
    held = (held << 5) | (VALUES.get(character) ?? 0)
    bits += 5
    if (bits < 8) continue
    bits -= 8
    out.push(held >> bits)
    held &= (1 << bits) - 1
  }
  return Uint8Array.from(out)
}

function faultIn(text: string): number | undefined {
  const content = withoutPadding(text)
  const at = [...content].findIndex((character) => !VALUES.has(character))
  if (at !== -1) return at
  const padding = text.length - content.length
  const isPadded = padding === 0 || (padding < 8 && text.length % 8 === 0)
  return WHOLE_BYTES.has(content.length % 8) && isPadded ? undefined : content.length
}

function withoutPadding(text: string): string {
  let end = text.length
  while (end > 0 && text[end - 1] === '=') end--
  return text.slice(0, end)
}
