/** The shares that people give one by one until enough of them agree. Each stays in guarded memory, and only until then. */
import { sealErrors } from '../errors/seal.ts'
import { secretsEqual } from '../lib/secure/equal.ts'
import { guard, type SecretBytes, wipe } from '../lib/secure/guarded.ts'
import { MAX_SHARE_BYTES, MIN_SHARE_BYTES } from './share-text.ts'

export class Quorum {
  #shares: SecretBytes[] = []

  get count(): number {
    return this.#shares.length
  }

  /**
   * Takes a share over; the bytes given are wiped, whatever comes of it. What cannot be one of `threshold` shares of a key is refused
   * and changes nothing: `SEAL_INVALID_KEY`, or false for one that was given before.
   */
  add(share: Uint8Array, threshold: number): boolean {
    try {
      checkForm(share, threshold)
      if (this.#shares.some((earlier) => secretsEqual(earlier.bytes, share))) return false
      const x = coordinateOf(share)
      if (threshold > 1 && this.#shares.some((earlier) => coordinateOf(earlier.bytes) === x))
        throw refused('duplicate part detected')
      this.#shares.push(guard(share))
      return true
    } finally {
      wipe(share)
    }
  }

  /** Hands all of them to the caller, who wipes them. */
  take(): readonly SecretBytes[] {
    const shares = this.#shares
    this.#shares = []
    return shares
  }

  wipe(): void {
    for (const share of this.take()) share.wipe()
  }
}

function checkForm(share: Uint8Array, threshold: number): void {
  if (share.length < MIN_SHARE_BYTES) throw refused(`key is shorter than minimum ${MIN_SHARE_BYTES} bytes`)
  if (share.length > MAX_SHARE_BYTES) throw refused(`key is longer than maximum ${MAX_SHARE_BYTES} bytes`)
  if (threshold === 1) return
  if (share.length !== MAX_SHARE_BYTES) throw refused('all parts must be the same length')
  if (coordinateOf(share) === 0) throw refused('a part has no valid coordinate')
}

/** The last byte of one of several shares. */
function coordinateOf(share: Uint8Array): number | undefined {
  return share.at(-1)
}

function refused(reason: string) {
  return sealErrors.INVALID_KEY({ reason })
}
