/** A connection's way through this process, which can be shut: what is sent meanwhile arrives once it is opened again, as after a pause. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

export class Valve implements AsyncDisposable {
  readonly port: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Towards this process, of those among `#sockets`. */
  readonly #answering = new Set<Socket>()
  #shut = false
  #accepted = 0

  private constructor(server: Server, port: number, target: number) {
    this.#server = server
    this.port = port
    server.on('connection', (socket) => this.#join(socket, target))
  }

  /** Leads to a port of this machine. */
  static async to(target: number): Promise<Valve> {
    const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port is free')
    return new Valve(server, address.port, target)
  }

  /** Connections that were ever made through it. */
  get accepted(): number {
    return this.#accepted
  }

  shut(): void {
    this.#shut = true
    for (const socket of this.#sockets) socket.pause()
  }

  /** What the server says is kept back; what it is told still arrives. */
  shutAnswers(): void {
    for (const socket of this.#answering) socket.pause()
  }

  open(): void {
    this.#shut = false
    for (const socket of this.#sockets) socket.resume()
  }

  /** Ends all connections, at once and without a word. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(near: Socket, target: number): void {
    this.#accepted++
    const far = connect(target, '127.0.0.1')
    this.#answering.add(far)
    far.on('close', () => this.#answering.delete(far))
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one)
      // What the sender leaves behind still arrives when the sender is gone.
      one.on('data', (chunk) => void other.write(chunk))
      one.on('end', () => other.end())
      one.on('error', () => other.destroy())
      one.on('close', () => this.#sockets.delete(one))
      if (this.#shut) one.pause()
      else one.resume()
    }
  }
}
