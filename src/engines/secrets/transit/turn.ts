/** What is large is worked on piece by piece, so that others get their turn in between. */
import { setImmediate } from 'node:timers/promises'

/** Bytes that are worked on at once: a few ms. */
const PIECE = 4 << 20
/** From here on it is worth it. */
const LARGE = 1 << 20

export function isLarge(bytes: number): boolean {
  return bytes > LARGE
}

/** Lets others have their turn where `bytes` have just been gone through. */
export async function turnAfter(bytes: number): Promise<void> {
  if (isLarge(bytes)) await setImmediate()
}

/** Calls `work` for each piece, with the place where it begins. */
export async function inPieces(bytes: Uint8Array, work: (piece: Uint8Array, at: number) => void): Promise<void> {
  for (let at = 0; at < bytes.length; at += PIECE) {
    work(bytes.subarray(at, at + PIECE), at)
    await turnAfter(bytes.length)
  }
}
