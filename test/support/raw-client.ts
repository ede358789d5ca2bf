/**
 * A client that costs next to nothing: one connection, one request at a time, no parsing beyond status and length. With Node's own, a
 * load generator on the same machine would be measuring itself.
 */
import { connect, type Socket } from 'node:net'

export interface RawAnswer {
  readonly status: number
  readonly text: string
}

interface Waiting {
  resolve(answer: RawAnswer): void
  reject(error: Error): void
}

export class RawClient implements Disposable {
  readonly #socket: Socket
  readonly #host: string
  #waiting: Waiting | undefined
  #received: Buffer = Buffer.alloc(0)

  /** @param address of a server without TLS. */
  constructor(address: string) {
    const { hostname, port, host } = new URL(address)
    this.#host = host
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true })
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#socket.on('error', (error) => this.#fail(error))
    this.#socket.on('close', () => this.#fail(new Error('the connection was closed')))
  }

  /** Rejects where the connection ends before the whole answer has come. */
  request(method: string, path: string, token: string, body?: unknown): Promise<RawAnswer> {
    if (this.#waiting !== undefined) throw new Error('one request at a time')
    if (this.#socket.destroyed) return Promise.reject(new Error('the connection is closed'))
    const bytes = body === undefined ? '' : JSON.stringify(body)
    const length = body === undefined ? '' : `Content-Length: ${Buffer.byteLength(bytes)}\r\n`
    this.#socket.write(
      `${method} /v1/${path} HTTP/1.1\r\nHost: ${this.#host}\r\nX-Vault-Token: ${token}\r\n${length}\r\n${bytes}`,
    )
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    const end = this.#received.indexOf('\r\n\r\n')
    if (end === -1) return
    const head = this.#received.toString('latin1', 0, end)
    const status = Number(head.slice(9, 12))
    const length = /^content-length: (\d+)$/im.exec(head)?.[1]
    if (length === undefined && status !== 204) {
      this.#fail(new Error(`an answer without a length: ${head}`))
      return
    }
    const total = end + 4 + Number(length ?? 0)
    if (this.#received.length < total) return
    const text = this.#received.toString('utf8', end + 4, total)
    this.#received = this.#received.subarray(total)
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.resolve({ status, text })
  }

  #fail(error: Error): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.reject(error)
  }
}
