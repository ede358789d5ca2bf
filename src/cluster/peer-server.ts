/** Where the leader answers the other nodes: over TLS, and only those that show the cluster's own certificate. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { X509Certificate } from 'node:crypto'
import { drained } from '../lib/drained.ts'
import { secretsEqual } from '../lib/secure/equal.ts'
import type { Logger } from '../lib/observe/index.ts'
import type { WireHandler, WireReply } from '../request/wire.ts'
import type { Sequence } from '../storage/driver.ts'
import type { ClusterCertificate } from './certificate.ts'
import { frameHead, readFrame } from './frame.ts'
import { decodeIdentity, type NodeIdentity } from './identity.ts'
import { PeerRequest } from './peer-request.ts'
import { decodeNames, encodeKeys } from './key-frame.ts'
import { decodeRequest, encodeReply } from './wire-frame.ts'

export interface PeerServerDeps {
  readonly log: Logger
  /** Whether this node leads, and so may carry out what the others hand over. */
  leads(): boolean
  /** The newest commit. */
  sequence(): Sequence
  readonly handler: WireHandler
  /** Keys of namespaces, for a node that follows. */
  handOut(names: readonly string[]): ReadonlyMap<string, Uint8Array>
  /** Another node is alive. */
  heard(node: NodeIdentity): void
}

export const FORWARD = '/forward'
export const ECHO = '/echo'
export const KEYS = '/namespace-keys'
/** Not the leader (any more): nothing was done with the request. */
export const NOT_LEADER = 421

export class PeerServer {
  readonly #deps: PeerServerDeps
  readonly #server: Server
  readonly #raw: Buffer
  readonly #underWay = new Set<IncomingMessage>()
  #isClosing = false

  private constructor(server: Server, certificate: ClusterCertificate, deps: PeerServerDeps) {
    this.#server = server
    this.#deps = deps
    this.#raw = new X509Certificate(certificate.certificate).raw
  }

  /** Rejects with the system's error where the address cannot be had. */
  static async listen(
    address: { readonly host: string; readonly port: number },
    certificate: ClusterCertificate,
    deps: PeerServerDeps,
  ): Promise<PeerServer> {
    const node = process.getBuiltinModule('node:https').createServer({
      cert: certificate.certificate,
      key: certificate.privateKey,
      ca: certificate.certificate,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.3',
      ALPNProtocols: ['http/1.1'],
      // What comes in was let in by a listener with limits of its own.
      requestTimeout: 0,
      headersTimeout: 10_000,
      keepAliveTimeout: 60_000,
    })
    const server = new PeerServer(node, certificate, deps)
    node.on('request', (request: IncomingMessage, response: ServerResponse) => void server.#answer(request, response))
    await new Promise<void>((resolve, reject) => {
      node.once('error', reject)
      node.listen(address.port, address.host, () => {
        node.off('error', reject)
        node.on('error', () => undefined)
        resolve()
      })
    })
    return server
  }

  /**
   * Takes nothing more, and leaves the address free for another. Requests under way are answered still: one of them may be what this
   * node stops for, such as a restore, so nothing waits for them here, nor does the end of the process.
   */
  close(): void {
    this.#isClosing = true
    this.#server.close()
    this.#server.closeIdleConnections()
    for (const { socket } of this.#underWay) socket.unref()
  }

  /** Never rejects. */
  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined)
    this.#underWay.add(request)
    response.once('close', () => {
      this.#underWay.delete(request)
      if (this.#isClosing) request.socket.destroySoon()
    })
    try {
      if (!this.#knows(request)) response.writeHead(403).end()
      else if (!this.#deps.leads()) response.writeHead(NOT_LEADER).end()
      else if (request.url === FORWARD) await this.#carryOut(request, response)
      else if (request.url === ECHO) await this.#hear(request, response)
      else if (request.url === KEYS) await this.#handOut(request, response)
      else response.writeHead(404).end()
    } catch (error) {
      this.#deps.log.warn('what another node sent could not be carried out', {
        cause: error instanceof Error ? error.name : 'unknown',
      })
      response.destroy()
    }
  }

  /** Byte for byte the cluster's certificate: being signed by it is not enough. */
  #knows(request: IncomingMessage): boolean {
    // The server is one of TLS, so its sockets are.
    const socket = request.socket as TLSSocket
    const { raw } = socket.getPeerCertificate()
    return socket.authorized && raw !== undefined && secretsEqual(raw, this.#raw)
  }

  async #carryOut(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { head, body } = await readFrame(request)
    const decoded = decodeRequest(head)
    if (decoded === undefined) {
      response.writeHead(400).end()
      return
    }
    const abort = new AbortController()
    response.once('close', () => abort.abort())
    const reply = await this.#deps.handler(new PeerRequest(decoded, body, abort.signal))
    response.writeHead(200)
    response.write(frameHead(encodeReply(reply, this.#deps.sequence())))
    await sendBody(response, reply.body)
  }

  async #handOut(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { head } = await readFrame(request)
    const handed = this.#deps.handOut(decodeNames(head))
    response.writeHead(200)
    response.end(frameHead(encodeKeys(handed)))
  }

  async #hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { head } = await readFrame(request)
    const node = decodeIdentity(JSON.stringify(head))
    if (node !== undefined) this.#deps.heard(node)
    response.writeHead(200)
    response.end(frameHead({ sequence: this.#deps.sequence() }))
  }
}

async function sendBody(response: ServerResponse, body: WireReply['body']): Promise<void> {
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
    response.end(body)
    return
  }
  for await (const chunk of body) {
    if (response.destroyed) return
    if (!response.write(chunk)) await drained(response)
  }
  response.end()
}
