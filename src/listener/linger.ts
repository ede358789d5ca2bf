import type { Exchange } from './exchange.ts'

/** ms and bytes: how long a client may go on sending a body nobody wants before it is cut off. */
const patience = 2000
const tolerance = 4_194_304

/**
 * Reads and drops the rest of a refused body for a while. To close with bytes unread makes the kernel send a reset, which
 * can destroy the reply before the client has read it.
 */
export function discardRest(exchange: Exchange): Promise<void> {
  const { request, service, expects, connection } = exchange
  const over = request.complete || request.destroyed || connection.failure !== undefined
  if (over || expects !== 'nothing') return Promise.resolve()
  return new Promise((resolve) => {
    let dropped = 0
    const timer = service.clock.timer(patience, () => done())
    const done = (): void => {
      timer.cancel()
      connection.reading = undefined
      request.off('data', drop)
      request.off('end', done)
      request.off('close', done)
      request.pause()
      resolve()
    }
    const drop = (chunk: Buffer): void => {
      dropped += chunk.length
      if (dropped > tolerance) done()
    }
    connection.reading = {
      fail: () => {
        done()
        return true
      },
    }
    request.on('data', drop)
    request.on('end', done)
    request.on('close', done)
    request.resume()
  })
}
