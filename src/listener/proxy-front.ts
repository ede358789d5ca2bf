import type { Server as HttpServer } from 'node:http'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import type { AddressBound } from '../lib/cidr.ts'
import { addressBound } from '../lib/cidr.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import { parseProxyHeader } from './proxy-protocol.ts'
import type { ProxyProtocolConfig, Source } from './proxy-protocol.ts'

const nobody: AddressBound = Object.freeze({ allows: () => false })

/**
 * Accepts connections in the HTTP server's place where `proxy_protocol_behavior` is set, takes the PROXY header off, and hands them
 * on. A connection without a header goes on as it is. One bad connection never stops the others (CVE-2024-6468).
 */
export class ProxyFront {
  readonly server: Server
  readonly #config: ProxyProtocolConfig
  readonly #authorized: AddressBound
  readonly #patience: number
  readonly #behind: HttpServer
  readonly #deps: { readonly clock: Clock; readonly log: Logger }
  readonly #sources = new WeakMap<Socket, Source>()
  readonly #waiting = new Set<Socket>()

  /** `patience`: ms for the header to arrive. */
  constructor(
    config: ProxyProtocolConfig,
    patience: number,
    behind: HttpServer,
    deps: { readonly clock: Clock; readonly log: Logger },
  ) {
    this.#config = config
    this.#authorized = config.authorizedAddrs.length === 0 ? nobody : addressBound(config.authorizedAddrs)
    this.#patience = patience
    this.#behind = behind
    this.#deps = deps
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket))
    this.server.maxConnections = behind.maxConnections
    // Node starts to watch its connections' times when its own server listens.
    this.server.once('listening', () => behind.emit('listening'))
  }

  /** Where the connection comes from, if a header said so that counts. Also for the TLS socket above it. */
  sourceOf(socket: Socket): Source | undefined {
    const below: unknown = Reflect.get(socket, '_parent')
    return this.#sources.get(socket) ?? (isSocket(below) ? this.#sources.get(below) : undefined)
  }

  /** Drops the connections whose header has not come. */
  close(): void {
    for (const socket of this.#waiting) socket.destroy()
  }

  #accept(socket: Socket): void {
    socket.on('error', ignore)
    const authorized = this.#config.behavior === 'use_always' || this.#authorized.allows(socket.remoteAddress ?? '')
    if (!authorized && this.#config.behavior === 'deny_unauthorized') {
      socket.destroy()
      return
    }
    this.#waiting.add(socket)
    const timer = this.#deps.clock.timer(this.#patience, () => void socket.destroy())
    const stop = (): void => {
      timer.cancel()
      this.#waiting.delete(socket)
      socket.off('readable', read)
      socket.off('close', stop)
    }
    let bytes = Buffer.alloc(0)
    const read = (): void => {
      const more: unknown = socket.read()
      if (!Buffer.isBuffer(more)) {
        if (socket.readableEnded) socket.destroy()
        return
      }
      bytes = Buffer.concat([bytes, more])
      const header = parseProxyHeader(bytes)
      if (header.kind === 'incomplete') return
      stop()
      if (header.kind === 'malformed') {
        this.#deps.log.debug('a malformed PROXY header', { remote_address: socket.remoteAddress })
        socket.destroy()
        return
      }
      if (header.kind === 'found' && header.source !== undefined && authorized) this.#sources.set(socket, header.source)
      this.#handOn(socket, header.kind === 'found' ? bytes.subarray(header.length) : bytes)
    }
    socket.on('readable', read)
    socket.on('close', stop)
  }

  #handOn(socket: Socket, rest: Buffer): void {
    socket.off('error', ignore)
    if (rest.length > 0) socket.unshift(rest)
    this.#behind.emit('connection', socket)
  }
}

function isSocket(value: unknown): value is Socket {
  return typeof value === 'object' && value !== null && 'remoteAddress' in value
}

function ignore(): void {}
