import type { Exchange } from './exchange.ts'

/** A client that does not take its reply in time loses the connection, so that slow readers cannot hold memory for ever. */
export function limitWriting({ response, service }: Exchange): void {
  const { writeTime, deadlines, clock } = service
  if (writeTime === Infinity) return
  const cut = { deadline: clock.monotonic() + writeTime, expire: () => void response.destroy() }
  deadlines.add(cut)
  response.once('close', () => deadlines.delete(cut))
}
