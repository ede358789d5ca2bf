/** The way to the leader: a request goes out whole and its reply comes back, over connections that are kept. */
import { once } from 'node:events'
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Agent } from 'node:https'
import { Readable } from 'node:stream'
import { X509Certificate } from 'node:crypto'
import { drained } from '../lib/drained.ts'
import { secretsEqual } from '../lib/secure/equal.ts'
import { CLUSTER_HOST, type ClusterCertificate } from './certificate.ts'
import { frameHead, readFrame } from './frame.ts'
import { NOT_LEADER } from './peer-server.ts'

export interface PeerAnswer {
  readonly head: unknown
  readonly body: AsyncGenerator<Uint8Array>
}

/** The request was not carried out: it never arrived, or the other node does not lead. It can be sent again. */
export class NotCarriedOut extends Error {
  constructor(cause: unknown) {
    super('the request was not carried out', { cause })
    this.name = 'NotCarriedOut'
  }
}

/** A connection, ms. */
const CONNECT_TIMEOUT = 3_000

export class PeerClient {
  readonly #agent: Agent
  readonly #url: URL
  readonly #requests = new Set<ClientRequest>()
  #isRetired = false

  /** @param address of the other node, as it tells it: `https://host:port`. */
  constructor(address: string, certificate: ClusterCertificate) {
    this.#url = new URL(address)
    const own = new X509Certificate(certificate.certificate).raw
    const https = process.getBuiltinModule('node:https')
    const { createSecureContext } = process.getBuiltinModule('node:tls')
    this.#agent = new https.Agent({
      // One for all connections: each would put a copy of the private key into OpenSSL's secure heap, which is small.
      secureContext: createSecureContext({
        cert: certificate.certificate,
        key: certificate.privateKey,
        ca: certificate.certificate,
        minVersion: 'TLSv1.3',
      }),
      keepAlive: true,
      maxSockets: 256,
      // The leader keeps them for longer, so that none is used that it is about to close.
      timeout: 30_000,
      servername: CLUSTER_HOST,
      checkServerIdentity: (_host, peer) =>
        secretsEqual(peer.raw, own)
          ? undefined
          : new Error('the other node does not show the certificate of the cluster'),
    })
  }

  /** Rejects with `NotCarriedOut`, or with what went wrong after the request was on its way. */
  async send(
    path: string,
    head: unknown,
    body: Uint8Array | AsyncIterable<Uint8Array> | undefined,
    signal: AbortSignal,
  ): Promise<PeerAnswer> {
    if (signal.aborted) throw new NotCarriedOut(signal.reason)
    const https = process.getBuiltinModule('node:https')
    const request = https.request(this.#url, { method: 'POST', path, agent: this.#agent })
    // Whoever waits for something of it hears of its failure; between two such waits nobody may.
    request.on('error', () => undefined)
    this.#requests.add(request)
    request.once('close', () => {
      this.#requests.delete(request)
      if (this.#isRetired && this.#requests.size === 0) this.#agent.destroy()
    })
    const stop = (): void => void request.destroy(new Error('the client gave the request up'))
    signal.addEventListener('abort', stop, { once: true })
    try {
      const connected = await connection(request)
      const response = answerOf(request)
      // Looked at below; a connection that breaks while the body is sent must not go unnoticed meanwhile.
      response.catch(() => undefined)
      void sendBody(request, frameHead(head), body)
      const message = await response
      // A reply may be a stream that lasts until the client goes.
      message.once('close', () => signal.removeEventListener('abort', stop))
      if (message.statusCode === NOT_LEADER) {
        message.resume()
        throw new NotCarriedOut(connected)
      }
      if (message.statusCode !== 200) throw new Error(`the other node answered ${message.statusCode}`)
      return await readFrame(message)
    } catch (error) {
      signal.removeEventListener('abort', stop)
      throw error
    }
  }

  /** Nothing more is sent; what is under way ends as it does. */
  retire(): void {
    this.#isRetired = true
    if (this.#requests.size === 0) this.#agent.destroy()
  }

  /** Requests under way fail. */
  close(): void {
    for (const request of this.#requests) request.destroy(new Error('the way to the leader was given up'))
    this.#agent.destroy()
  }
}

/** Until here nothing was sent, so what fails can be tried again. */
async function connection(request: ClientRequest): Promise<void> {
  const timer = setTimeout(() => request.destroy(new Error('no connection in time')), CONNECT_TIMEOUT)
  try {
    const [socket] = await once(request, 'socket')
    if (socket.connecting === true || socket.secureConnecting === true) await once(socket, 'secureConnect')
  } catch (error) {
    throw new NotCarriedOut(error)
  } finally {
    clearTimeout(timer)
  }
}

function answerOf(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve)
    request.on('error', reject)
  })
}

/** Never rejects: a request whose body can't be read is given up. */
async function sendBody(
  request: ClientRequest,
  head: Buffer,
  body: Uint8Array | AsyncIterable<Uint8Array> | undefined,
): Promise<void> {
  try {
    request.write(head)
    if (body === undefined || body instanceof Uint8Array) {
      request.end(body)
      return
    }
    for await (const chunk of Readable.from(body)) {
      if (request.destroyed) return
      if (!request.write(chunk)) await drained(request)
    }
    request.end()
  } catch (error) {
    request.destroy(error instanceof Error ? error : new Error('the body could not be read'))
  }
}
