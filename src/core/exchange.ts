/**
 * One request on its way through the stages. Every slot is filled once, by the stage that owns it; asking for a slot before its
 * stage has run is a programming error, and says so.
 */
import type { OperationDefinition } from '../framework/path.ts'
import type { Route } from '../router/router.ts'
import type { Approval } from '../request/approval-ports.ts'
import type { Caller } from '../request/caller.ts'
import type { Operation } from '../request/operation.ts'
import type { Verdict } from '../request/ports.ts'
import type { Reply } from '../request/reply.ts'
import type { Request } from '../request/request.ts'
import type { WireReply, WireRequest } from '../request/wire.ts'
import type { ReadTransaction } from '../storage/store.ts'

export class Exchange {
  readonly wire: WireRequest
  readonly warnings: string[] = []
  readonly #request: Slot<Request> = new Slot('request')
  readonly #route: Slot<Route> = new Slot('route')
  readonly #operation: Slot<Operation> = new Slot('operation')
  readonly #wireReply: Slot<WireReply> = new Slot('wireReply')
  /** Of a request that was held before: others have authorized it. */
  approval: Approval | undefined
  /** It is kept until others have authorized it, and not carried out now. */
  isHeld = false
  caller: Caller | undefined
  verdict: Verdict | undefined
  reply: Reply | undefined
  /** Why it failed; the response entry and the client are told from this. */
  error: unknown
  /** Storage as it stood when the request was routed: who the caller is and what he may do are read from it. */
  snapshot: ReadTransaction | undefined
  /** Headers of the reply, whatever it is. */
  headers: WireReply['headers'] = []
  /** Refused in a way that is not to be audited. */
  isUnaudited = false
  /** Read before its turn. */
  bodyRead = false
  /** The request's namespace is known, and its path is relative to that. */
  isLocated = false
  /** The request entry is on its way to the audit devices: a response entry must follow. */
  auditBegun = false
  /** Second factors that its rule demands; it is not carried out before they are met. */
  factors: readonly string[] = []
  /** Those of them that were met. */
  factorsMet: readonly string[] = []
  /** A core that could carry it out hands it on, for its client to be counted. */
  onlyToCount = false
  /** It is answered here although its client was not counted. */
  uncounted = false
  /** A use of the caller's token was taken for this request. */
  consumed = false

  constructor(wire: WireRequest) {
    this.wire = wire
  }

  get request(): Request {
    return this.#request.get()
  }
  set request(value: Request) {
    this.#request.set(value)
  }
  get hasRequest(): boolean {
    return this.#request.filled
  }

  get route(): Route {
    return this.#route.get()
  }
  set route(value: Route) {
    this.#route.set(value)
  }
  get hasRoute(): boolean {
    return this.#route.filled
  }

  /** What is carried out; undefined where the path or the verb is unknown. */
  get definition(): OperationDefinition | undefined {
    const operation = this.hasRoute ? this.route.found?.operation : undefined
    return this.operation === 'create' ? (operation?.creating ?? operation) : operation
  }

  get isDecided(): boolean {
    return this.#operation.filled
  }

  /** Create and update told apart. */
  get operation(): Operation {
    return this.#operation.filled ? this.#operation.get() : this.request.operation
  }
  set operation(value: Operation) {
    this.#operation.set(value)
  }

  get wireReply(): WireReply {
    return this.#wireReply.get()
  }
  set wireReply(value: WireReply) {
    this.#wireReply.set(value)
  }
}

class Slot<T> {
  readonly #name: string
  #value: T | undefined
  filled = false

  constructor(name: string) {
    this.#name = name
  }

  get(): T {
    if (this.#value === undefined) throw new Error(`the exchange has no ${this.#name} yet`)
    return this.#value
  }

  set(value: T): void {
    this.#value = value
    this.filled = true
  }
}
