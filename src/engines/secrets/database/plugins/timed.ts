/** Nothing waits for a database for ever. */
import type { Clock } from '../../../../lib/clock.ts'

/** ms for a connection to come about, and for a statement to be answered. */
export const CONNECT = 10_000
export const ANSWER = 20_000

/** @param late is called when the time is over: it ends the connection, whose library may then never answer. */
export async function timed<T>(clock: Clock, ms: number, work: Promise<T>, late: () => void): Promise<T> {
  const over = Promise.withResolvers<never>()
  using _timer = clock.timer(ms, () => {
    over.reject(new Error('the database did not answer in time'))
    late()
  })
  // Who of the two loses has nobody to listen.
  work.catch(() => undefined)
  over.promise.catch(() => undefined)
  return await Promise.race([work, over.promise])
}

/** Node's error for several addresses has no message of its own. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ')
  if (!(error instanceof Error)) return 'unknown error'
  return error.message === '' ? error.name : error.message
}
