/** What came of showing a factor. */
export type Outcome = { readonly met: true } | { readonly met: false; readonly reason: string }

export const MET: Outcome = Object.freeze({ met: true })

/** @param reason for the client: it names no secret, and nothing that a service said in confidence. */
export function refused(reason: string): Outcome {
  return { met: false, reason }
}
