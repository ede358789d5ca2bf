/** Finds the leader and has it carry requests out. */
import { requestErrors } from '../errors/request.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import { headOf } from '../request/handed-over.ts'
import type { WireReply, WireRequest } from '../request/wire.ts'
import type { Election, Sequence } from '../storage/driver.ts'
import type { ClusterCertificate } from './certificate.ts'
import { decodeIdentity, encodeIdentity, type NodeIdentity } from './identity.ts'
import { decodeKeys } from './key-frame.ts'
import { NotCarriedOut, PeerClient, type PeerAnswer } from './peer-client.ts'
import { ECHO, FORWARD, KEYS } from './peer-server.ts'
import { decodeReply, encodeRequest } from './wire-frame.ts'

export interface ForwarderDeps {
  readonly clock: Clock
  readonly log: Logger
  readonly election: Election
  readonly self: NodeIdentity
  /** The one of the present term, as far as this node has read it. */
  certificate(): Promise<ClusterCertificate | undefined>
  /** A reply of the leader's was made after this commit. */
  sequenceSeen(sequence: Sequence): void
}

interface KnownLeader {
  readonly term: number
  readonly identity: NodeIdentity
}

/** While nobody leads, a request waits for somebody to, ms. */
const PATIENCE = 10_000
const PAUSE = 100
/** For how long what the election said is taken for true, ms. */
const FRESH = 1_000
/** An empty reply is one with these alone. */
const NOTHING: readonly Uint8Array[] = []
const NO_KEYS: ReadonlyMap<string, Uint8Array> = new Map()

export class Forwarder {
  readonly #deps: ForwarderDeps
  #leader: KnownLeader | undefined
  #asked = -Infinity
  #client: { readonly to: string; readonly certificate: string; readonly peer: PeerClient } | undefined

  constructor(deps: ForwarderDeps) {
    this.#deps = deps
  }

  /**
   * Rejects with `REQUEST_NO_LEADER`, `REQUEST_FORWARDING`, with `REQUEST_ABORTED` where the client went away before anything was sent, or
   * with what reading the request's body rejects with.
   */
  async forward(wire: WireRequest, streamed: boolean): Promise<WireReply> {
    const { clock } = this.#deps
    const until = clock.monotonic() + PATIENCE
    // Within this listener's limits, and kept, so that the request can be sent again.
    const body = streamed ? undefined : await wire.readBody()
    for (;;) {
      const leader = await this.#otherLeader()
      // What its client has given up must not be done behind his back, after what he did next.
      if (wire.signal.aborted) throw requestErrors.ABORTED()
      if (leader !== undefined && wire.headers.has('x-vault-no-request-forwarding')) return redirect(wire, leader)
      const answer = leader === undefined ? undefined : await this.#ask(leader, wire, body)
      if (answer !== undefined) return answer
      if (clock.monotonic() >= until || wire.expired) throw requestErrors.NO_LEADER()
      await this.#pause(wire.signal)
    }
  }

  /** Tells the leader that this node is there. Whether it heard; never rejects. */
  async echo(): Promise<boolean> {
    try {
      const leader = await this.#otherLeader()
      const client = leader && (await this.#clientTo(leader))
      const own: unknown = JSON.parse(encodeIdentity(this.#deps.self))
      const answer = await client?.send(ECHO, own, undefined, AbortSignal.timeout(FRESH * 5))
      if (answer === undefined) return false
      for await (const _ of answer.body) NOTHING.at(0)
      return true
    } catch {
      return false
    }
  }

  /** Asks the leader for keys of namespaces. Empty where it has none of them, or cannot be asked; never rejects. */
  async keysOf(names: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    try {
      const leader = await this.#otherLeader()
      const client = leader && (await this.#clientTo(leader))
      const answer = await client?.send(KEYS, names, undefined, AbortSignal.timeout(FRESH * 5))
      if (answer === undefined) return NO_KEYS
      for await (const _ of answer.body) NOTHING.at(0)
      return decodeKeys(answer.head)
    } catch {
      return NO_KEYS
    }
  }

  /** As the election says, or said a moment ago. Rejects with `STORAGE_UNAVAILABLE`. */
  async leader(): Promise<KnownLeader | undefined> {
    const { clock, election } = this.#deps
    if (clock.monotonic() - this.#asked < FRESH && this.#leader !== undefined) return this.#leader
    const found = await election.leader()
    this.#asked = clock.monotonic()
    const identity = found && decodeIdentity(found.identity)
    const before = this.#leader
    this.#leader = found === undefined || identity === undefined ? undefined : { term: found.term, identity }
    // What is under way to one who was deposed would wait for an answer that may never come.
    if (before !== undefined && before.term !== this.#leader?.term) this.#hangUp()
    return this.#leader
  }

  /** What is under way ends still: the leader carries it out, whatever this node is by then. */
  close(): void {
    this.#retire()
    this.#leader = undefined
  }

  async #otherLeader(): Promise<KnownLeader | undefined> {
    try {
      const leader = await this.leader()
      return leader?.identity.id === this.#deps.self.id ? undefined : leader
    } catch {
      return undefined
    }
  }

  /** Undefined where the request was not carried out and may be sent again. */
  async #ask(leader: KnownLeader, wire: WireRequest, body: Uint8Array | undefined): Promise<WireReply | undefined> {
    let answer: PeerAnswer
    try {
      const client = await this.#clientTo(leader)
      if (client === undefined) return undefined
      answer = await client.send(FORWARD, encodeRequest(headOf(wire)), body ?? wire.openBody(), wire.signal)
    } catch (error) {
      this.#asked = -Infinity
      // A body that was read piece by piece is gone.
      if (error instanceof NotCarriedOut && body !== undefined) return undefined
      throw requestErrors.FORWARDING(undefined, { cause: error })
    }
    return this.#replyOf(answer)
  }

  async #replyOf({ head, body }: PeerAnswer): Promise<WireReply> {
    const reply = decodeReply(head)
    if (reply === undefined) throw requestErrors.FORWARDING()
    const { status, headers, sequence, hasBody } = reply
    this.#deps.sequenceSeen(sequence)
    if (hasBody) return { status, headers, body }
    for await (const _ of body) NOTHING.at(0)
    return { status, headers, body: undefined }
  }

  async #clientTo({ identity }: KnownLeader): Promise<PeerClient | undefined> {
    const certificate = await this.#deps.certificate()
    if (certificate === undefined || identity.clusterAddress === '') return undefined
    const known = this.#client
    if (known?.to === identity.clusterAddress && known.certificate === certificate.certificate) return known.peer
    this.#retire()
    const peer = new PeerClient(identity.clusterAddress, certificate)
    this.#client = { to: identity.clusterAddress, certificate: certificate.certificate, peer }
    return peer
  }

  #retire(): void {
    this.#client?.peer.retire()
    this.#client = undefined
  }

  #hangUp(): void {
    this.#client?.peer.close()
    this.#client = undefined
  }

  #pause(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    if (signal.aborted) return Promise.resolve()
    const timer = this.#deps.clock.timer(PAUSE, resolve)
    signal.addEventListener('abort', () => resolve(), { once: true })
    return promise.finally(() => timer.cancel())
  }
}

/** As Vault: 307, so that the method stays. */
function redirect(wire: WireRequest, { identity }: KnownLeader): WireReply {
  return {
    status: 307,
    headers: [['Location', identity.apiAddress.replace(/\/+$/, '') + wire.target]],
    body: undefined,
  }
}
