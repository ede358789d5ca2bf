/** TCP, and unix sockets of the stream kind. */
import { connect as connectSocket, type NetConnectOpts, type Socket } from 'node:net'
import { linesOf } from './lines.ts'
import { assertOutward, outwardLookup } from './outward.ts'
import type { HostAndPort } from '../options.ts'
import type { Connect, Frame, Wire } from './wire.ts'

export interface TcpTarget extends HostAndPort {
  readonly family?: 4 | 6
}

export function tcpWire({ host, port, family }: TcpTarget, frame?: Frame): Connect {
  return async (signal) => {
    assertOutward(host)
    return open({ host, port, lookup: outwardLookup, ...(family === undefined ? {} : { family }) }, frame, signal)
  }
}

export function unixWire(path: string, frame?: Frame): Connect {
  return (signal) => open({ path }, frame, signal)
}

async function open(target: NetConnectOpts, frame: Frame | undefined, signal: AbortSignal): Promise<Wire> {
  const socket = connectSocket(target)
  await new Promise<void>((resolve, reject) => {
    const give = (): void => {
      socket.destroy()
      reject(signal.reason)
    }
    socket.once('error', reject)
    socket.once('connect', () => {
      signal.removeEventListener('abort', give)
      resolve()
    })
    if (signal.aborted) give()
    else signal.addEventListener('abort', give, { once: true })
  })
  return new StreamWire(socket, frame)
}

class StreamWire implements Wire {
  alive = true
  readonly #socket: Socket
  readonly #frame: Frame | undefined

  constructor(socket: Socket, frame: Frame | undefined) {
    this.#socket = socket
    this.#frame = frame
    const gone = (): void => {
      this.alive = false
    }
    socket.setKeepAlive(true, 10_000)
    socket.setNoDelay(true)
    // Nothing is expected from there, but only who reads hears of the end.
    socket.resume()
    socket.on('end', gone)
    socket.on('close', gone)
    socket.on('error', gone)
    socket.unref()
  }

  send(lines: Uint8Array, signal: AbortSignal): Promise<void> {
    const frame = this.#frame
    const bytes = frame === undefined ? lines : Buffer.concat([...linesOf(lines)].map((line) => frame(line)))
    return new Promise((resolve, reject) => {
      const give = (): void => {
        this.close()
        reject(signal.reason)
      }
      if (signal.aborted) return give()
      signal.addEventListener('abort', give, { once: true })
      this.#socket.write(bytes, (error) => {
        signal.removeEventListener('abort', give)
        if (error === undefined || error === null) resolve()
        else reject(error)
      })
    })
  }

  close(): void {
    this.alive = false
    // What was written and not yet sent is sent first; nobody waits for more than that.
    if (this.#socket.writableLength > 0) this.#socket.destroy()
    else this.#socket.end()
  }
}
