import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { DetailedPeerCertificate } from 'node:tls'
import type { CofferError } from '../errors/coffer-error.ts'
import type { PeerCertificate } from '../request/wire.ts'
import type { MessageHead } from './list-verb.ts'
import type { Source } from './proxy-protocol.ts'

export interface Reader {
  /** No more will come. False if it does not wait for more. */
  fail(error: CofferError): boolean
  /** It minds the time by itself: a body that goes on may take longer than the listener's time for a request. */
  readonly ownTime?: boolean
}

/** What is the same for all requests of one connection. */
export class Connection {
  readonly socket: Socket
  readonly remoteAddress: string
  readonly remotePort: number
  readonly tls: boolean
  /** Why nothing more is read from it; it closes after the replies under way. */
  failure: CofferError | undefined = undefined
  /** Requests under way; more than one if the client pipelines. */
  ongoing = 0
  /** The request that arrived last. */
  last: object | undefined = undefined
  /** Who reads a body. Only one can. */
  reading: Reader | undefined = undefined
  readonly head: MessageHead | undefined
  #turn: Promise<void> | undefined
  #certificate: { readonly value: PeerCertificate | undefined } | undefined

  /** `head` is undefined where LIST cannot be let in. `source`: where it comes from, if a PROXY header said so. */
  constructor(socket: Socket, head: MessageHead | undefined, source: Source | undefined) {
    this.socket = socket
    this.head = head
    this.tls = socket instanceof TLSSocket
    this.remoteAddress = plainAddress(source?.address ?? socket.remoteAddress ?? '')
    this.remotePort = source?.port ?? socket.remotePort ?? 0
  }

  /**
   * Runs `work`, which never rejects, after what came before it on this connection: a client that pipelines a read behind a write
   * counts on the write (RFC 9112 section 9.3.2).
   */
  inTurn(work: () => Promise<void>): void {
    const turn = this.#turn === undefined ? work() : this.#turn.then(work)
    this.#turn = turn
    void turn.then(() => {
      if (this.#turn === turn) this.#turn = undefined
    })
  }

  begin(request: object): void {
    this.ongoing++
    this.last = request
  }

  end(): void {
    this.ongoing--
    // Its last reply may have been given before the connection failed. One turn, for replies in their queue.
    if (this.failure !== undefined && this.ongoing === 0) setImmediate(() => this.socket.destroySoon())
  }

  /** No request is under way, nor has one begun to arrive. */
  get idle(): boolean {
    return this.ongoing === 0 && this.head?.open !== true
  }

  /** The client's certificate, if this very handshake proved that the client holds its key. */
  get peerCertificate(): PeerCertificate | undefined {
    this.#certificate ??= { value: this.socket instanceof TLSSocket ? certificateOf(this.socket) : undefined }
    return this.#certificate.value
  }
}

function certificateOf(socket: TLSSocket): PeerCertificate | undefined {
  if (socket.isSessionReused()) return undefined
  const chain: Uint8Array[] = []
  const seen = new Set<string>()
  let one: Partial<DetailedPeerCertificate> | undefined = socket.getPeerCertificate(true)
  // The root is its own issuer.
  while (one?.raw !== undefined && one.fingerprint256 !== undefined && !seen.has(one.fingerprint256)) {
    seen.add(one.fingerprint256)
    chain.push(one.raw)
    one = one.issuerCertificate
  }
  return chain.length === 0 ? undefined : { chain }
}

/** Without a zone, and an IPv4 address that came through an IPv6 socket as IPv4. */
function plainAddress(address: string): string {
  const zone = address.indexOf('%')
  const bare = zone < 0 ? address : address.slice(0, zone)
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/iu.test(bare) ? bare.slice(7) : bare
}
