/**
 * HalfSipHash-2-4 with a result of 64 bits: a short keyed hash for tables whose keys strangers choose. Who does not know the key cannot
 * find inputs that fall together. Source: J.-P. Aumasson and D. J. Bernstein, SipHash; the reference code's `halfsiphash`.
 */
export interface HashKey {
  readonly k0: number
  readonly k1: number
}

/** The result, as two words of 32 bits. */
export interface Hash64 {
  readonly low: number
  readonly high: number
}

/** Of the UTF-16 code units of `text`, as little-endian bytes. */
export function halfSipHash({ k0, k1 }: HashKey, text: string): Hash64 {
  let v0 = k0
  let v1 = k1 ^ 0xee
  let v2 = 0x6c796765 ^ k0
  let v3 = 0x74656462 ^ k1

  const round = (): void => {
    v0 = (v0 + v1) | 0
    v1 = rotl(v1, 5) ^ v0
    v0 = rotl(v0, 16)
    v2 = (v2 + v3) | 0
    v3 = rotl(v3, 8) ^ v2
    v0 = (v0 + v3) | 0
    v3 = rotl(v3, 7) ^ v0
    v2 = (v2 + v1) | 0
    v1 = rotl(v1, 13) ^ v2
    v2 = rotl(v2, 16)
  }
  const take = (word: number): void => {
    v3 ^= word
    round()
    round()
    v0 ^= word
  }

  const { length } = text
  const pairs = length & ~1
  for (let i = 0; i < pairs; i += 2) take(text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16))
  take(((length * 2) << 24) | (length === pairs ? 0 : text.charCodeAt(pairs)))
  v2 ^= 0xee
  round()
  round()
  round()
  round()
  const low = v1 ^ v3
  v1 ^= 0xdd
  round()
  round()
  round()
  round()
  return { low, high: v1 ^ v3 }
}

function rotl(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}
