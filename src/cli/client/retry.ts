/** Which answers are worth another try, and how long to wait before it. */
import { ConnectionError } from './response-error.ts'
import type { WireReply } from './transport.ts'

const firstWaitMs = 1000
const longestWaitMs = 1500
const longestAskedMs = 60_000

export function isWorthRetrying(outcome: WireReply | ConnectionError): boolean {
  if (outcome instanceof ConnectionError) return !outcome.code.includes('CERT') && !outcome.code.includes('TLS')
  const { status } = outcome
  return status === 429 || status === 412 || (status >= 500 && status !== 501)
}

/** Milliseconds: what the server asks for by Retry-After with 429 or 503, else between 1 and 1.5 s, longer each time. */
export function waitBefore(attempt: number, outcome: WireReply | ConnectionError, random: () => number): number {
  const asked = outcome instanceof ConnectionError ? undefined : retryAfter(outcome)
  return asked ?? attempt * (firstWaitMs + random() * (longestWaitMs - firstWaitMs))
}

function retryAfter(reply: WireReply): number | undefined {
  const text = reply.headers['retry-after']
  if ((reply.status !== 429 && reply.status !== 503) || text === undefined || !/^\d+$/.test(text)) return undefined
  return Math.min(Number(text) * 1000, longestAskedMs)
}
