/** UDP: each line is a datagram. Whether it arrived, nobody knows. */
import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { promisify } from 'node:util'
import { linesOf } from './lines.ts'
import { assertOutward, lookupOne } from './outward.ts'
import type { TcpTarget } from './stream-wire.ts'
import type { Connect, Frame, Wire } from './wire.ts'

/** What a datagram of IPv4 holds. */
export const MAX_UDP_BYTES = 65_507

export function udpWire({ host, port, family }: TcpTarget, frame: Frame = (line) => line): Connect {
  return async (signal) => {
    assertOutward(host)
    const six = family === 6 || (family === undefined && isIPv6(host))
    const socket = createSocket({ type: six ? 'udp6' : 'udp4', lookup: lookupOne })
    socket.unref()
    await new Promise<void>((resolve, reject) => {
      const failed = (error: unknown): void => {
        socket.close()
        reject(error)
      }
      socket.once('error', failed)
      socket.connect(port, host, () => {
        socket.off('error', failed)
        resolve()
      })
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
    return new UdpWire(socket, frame)
  }
}

class UdpWire implements Wire {
  alive = true
  readonly #socket: Socket
  readonly #frame: Frame
  readonly #send: (bytes: Uint8Array) => Promise<unknown>

  constructor(socket: Socket, frame: Frame) {
    this.#socket = socket
    this.#frame = frame
    this.#send = promisify((bytes: Uint8Array, done: (error: Error | null) => void) => socket.send(bytes, done))
    // Such as that nobody listens there, told of an earlier datagram.
    socket.on('error', () => (this.alive = false))
  }

  async send(lines: Uint8Array, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    await Promise.all([...linesOf(lines)].map((line) => this.#send(this.#frame(line))))
  }

  close(): void {
    if (this.alive) this.#socket.close()
    else this.#socket.unref()
    this.alive = false
  }
}
