import type { Exchange } from './exchange.ts'

/** The time by which a reply must have been taken. */
export interface WriteLimit {
  /** It counts from now on: the reply begins, or goes on. */
  restart(): void
  /** Does not count until it is restarted: the request may take long. */
  suspend(): void
}

/** A client that does not take its reply in time loses the connection, so that slow readers cannot hold memory for ever. */
export function limitWriting(exchange: Exchange): void {
  const { response, service } = exchange
  const { writeTime, deadlines, clock } = service
  if (writeTime === Infinity) return
  const cut = { deadline: 0, expire: () => void response.destroy() }
  const suspend = (): void => deadlines.delete(cut)
  const restart = (): void => {
    deadlines.delete(cut)
    if (response.destroyed) return
    cut.deadline = clock.monotonic() + writeTime
    deadlines.add(cut)
  }
  restart()
  exchange.writeLimit = { restart, suspend }
  response.once('close', suspend)
}
