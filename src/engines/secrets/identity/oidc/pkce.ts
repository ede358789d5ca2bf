/** Proof that whoever redeems a code is he who asked for it (RFC 7636). */
import { createHash } from 'node:crypto'
import { secretsEqual } from '../../../../lib/secure/equal.ts'

export type ChallengeMethod = 'plain' | 'S256'

export interface Challenge {
  readonly challenge: string
  readonly method: ChallengeMethod
}

/** Undefined for what is no method; none means `plain`. */
export function challengeMethod(text: string): ChallengeMethod | undefined {
  return text === '' || text === 'plain' ? 'plain' : text === 'S256' ? 'S256' : undefined
}

export function isChallenge(text: string): boolean {
  return text.length >= 43 && text.length <= 128
}

export function answersChallenge(verifier: string, { challenge, method }: Challenge): boolean {
  const derived = method === 'plain' ? verifier : createHash('sha256').update(verifier).digest('base64url')
  return secretsEqual(derived, challenge)
}
