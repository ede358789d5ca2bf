/** Leases of secrets and, by their places, of tokens: issued, looked up, prolonged, revoked. Unsealing loads none of them. */
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import { base62 } from '../lib/secure/random.ts'
import { grantTtl } from '../lib/ttl.ts'
import type { Caller } from '../request/caller.ts'
import type { IrrevocableLease, LeaseInfo, LeasesPort, RenewedLease, RevokeMode } from '../request/lease-ports.ts'
import type { Mount } from '../request/mount.ts'
import type { LeasePort } from '../request/ports.ts'
import type { LeaseCountPort } from '../request/quota-ports.ts'
import type { LeaseGrant } from '../request/reply.ts'
import type { Namespace } from '../request/request.ts'
import type { TokenExpiry } from '../request/token-ports.ts'
import type { Store } from '../storage/store.ts'
import type { Page, ReadView, WriteView } from '../storage/view.ts'
import type { QueueLimits } from './due-queue.ts'
import type { EngineLeases } from './engine-leases.ts'
import { leaseErrors } from './errors.ts'
import { ExpiryWorker } from './expiry-worker.ts'
import { leaseIdOf, leaseKeys, refOf } from './lease-keys.ts'
import { countedOf, decodeName, internalOf, leaseRecords, type LeaseRecord } from './lease-record.ts'
import { eachLease, enterJob, makeDue, revokeNow, revokeOne, runJob, type PrefixDeps } from './prefix-jobs.ts'
import { renewLease } from './renew-lease.ts'
import { Revoker } from './revoker.ts'
import type { SteadyTime } from './steady-time.ts'
import { tidyLeases } from './tidy.ts'

export interface LeaseStoreDeps {
  readonly store: Store
  readonly clock: Clock
  readonly time: SteadyTime
  readonly log: Logger
  readonly tokens: TokenExpiry
  readonly engines: EngineLeases
  readonly workers?: Partial<QueueLimits>
  /** Folders of the namespaces whose leases can be read; empty is that of all that have none. */
  homes?(): readonly string[]
  /** How many there may be; nothing is counted without it. */
  readonly counts?: LeaseCountPort
}

interface RegisterContext {
  readonly mount: Mount
  readonly path: string
  readonly caller: Caller | undefined
  readonly namespace: Namespace
}

/** Letters and digits at the end of a lease id. */
const REF_LENGTH = 24
const PAGE = 1000

export class LeaseStore implements LeasePort, LeasesPort {
  readonly #deps: LeaseStoreDeps
  readonly #revoker: Revoker
  readonly #worker: ExpiryWorker
  readonly #jobs = new Map<string, Promise<void>>()
  #tidying = false
  #closed = false

  constructor(deps: LeaseStoreDeps) {
    this.#deps = deps
    this.#revoker = new Revoker(deps)
    this.#worker = new ExpiryWorker({
      ...deps,
      limits: deps.workers ?? {},
      revoker: this.#revoker,
      runPrefixJob: (id) => this.#runPrefixJob(id),
      homes: () => this.#homes(),
    })
  }

  /** On the active node only: from now on what is due is ended. */
  start(): void {
    this.#closed = false
    this.#worker.start()
  }

  /** At seal or step-down; waits for what is running. */
  async stop(): Promise<void> {
    this.#closed = true
    await this.#worker.stop()
  }

  /** Until the workers have nothing left that is due now; for tests. */
  settled(): Promise<void> {
    return this.#worker.settled()
  }

  /** The lease of a secret, in the transaction that makes it. What the client is shown is not kept; `internal` is. */
  async register(view: WriteView, grant: LeaseGrant, context: RegisterContext) {
    const { mount, path, caller, namespace } = context
    if (caller === undefined)
      throw leaseErrors.NO_CALLER(undefined, { cause: new Error(`${mount.type}: a lease without a token`) })
    const now = this.#deps.time.now()
    const owner = this.#deps.tokens.ownerOf(caller)
    // In this transaction: where the token is revoked meanwhile the commit fails, and no lease is left without an owner.
    if (owner.key !== '' && !(await this.#deps.tokens.holds(view, owner.key))) throw leaseErrors.NOT_FOUND()
    const granted = grantTtl(
      { ttl: grant.ttl, maxTtl: grant.maxTtl ?? 0, issuedAt: now },
      this.#deps.engines.limitsOf(mount),
      now,
    )
    if (granted === undefined) throw leaseErrors.PAST_MAX_TTL()
    const expiresAt = Math.min(granted.expiresAt, owner.endsAt ?? Infinity)
    if (expiresAt <= now) throw leaseErrors.EXPIRED()
    const lease: LeaseRecord = {
      id: leaseIdOf(path, base62(REF_LENGTH), namespace.id),
      namespaceId: namespace.id,
      path,
      mountUuid: mount.uuid,
      mountAccessor: mount.accessor,
      type: grant.type,
      internal: internalOf(grant.internal),
      tokenKey: owner.key,
      tokenEndsAt: owner.endsAt,
      issuedAt: now,
      expiresAt,
      renewedAt: undefined,
      renewable: grant.renewable,
      dueAt: expiresAt,
      attempts: 0,
      revokeError: undefined,
    }
    await this.#deps.counts?.enter(view, countedOf(lease))
    leaseRecords.add(view, lease)
    const leaseDuration = Math.min(granted.ttl, Math.ceil((expiresAt - now) / 1000))
    return { leaseId: lease.id, leaseDuration, renewable: lease.renewable, warnings: granted.warnings }
  }

  async lookup(view: ReadView, namespace: Namespace, leaseId: string): Promise<LeaseInfo | undefined> {
    const lease = await leaseRecords.get(view, namespace.id, leaseId)
    if (lease === undefined) return undefined
    if (lease !== 'token') {
      const { id, path, issuedAt, expiresAt, renewedAt, revokeError } = lease
      const renewable =
        lease.renewable &&
        lease.tokenEndsAt === undefined &&
        revokeError === undefined &&
        expiresAt > this.#deps.time.now()
      return { id, path, issuedAt, expiresAt, renewedAt, renewable, revokeError }
    }
    const token = await this.#deps.tokens.details(view, refOf(leaseId))
    return token?.lease && { id: leaseId, path: token.path, ...token.lease, revokeError: undefined }
  }

  async list(view: ReadView, namespace: Namespace, prefix: string, page: Page = {}): Promise<readonly string[]> {
    return view.list(leaseKeys.ids(namespace.id) + prefix, page)
  }

  async renew(view: WriteView, namespace: Namespace, leaseId: string, increment: number): Promise<RenewedLease> {
    const lease = await leaseRecords.get(view, namespace.id, leaseId)
    if (lease === undefined) throw leaseErrors.NOT_FOUND()
    if (lease !== 'token') return renewLease(view, lease, increment, this.#deps)
    const token = await this.#deps.tokens.details(view, refOf(leaseId))
    if (token === undefined) throw leaseErrors.NOT_FOUND()
    throw token.lease?.renewable === true ? leaseErrors.IS_TOKEN() : leaseErrors.NOT_RENEWABLE()
  }

  revoke(view: WriteView, namespace: Namespace, leaseId: string): Promise<void> {
    return makeDue(view, namespace.id, [leaseId], this.#deps)
  }

  revokeNow(namespace: Namespace, leaseId: string): Promise<void> {
    return revokeOne(namespace.id, leaseId, this.#prefixDeps, false)
  }

  async revokePrefix(namespace: Namespace, prefix: string, mode: RevokeMode): Promise<void> {
    const { store } = this.#deps
    const one = prefix.endsWith('/')
      ? undefined
      : await store.read((view) => leaseRecords.get(view, namespace.id, prefix))
    if (one !== undefined) {
      if (mode === 'queue') await store.write((view) => this.revoke(view, namespace, prefix))
      else await revokeOne(namespace.id, prefix, this.#prefixDeps, mode === 'force')
      return
    }
    const job = { namespaceId: namespace.id, prefix: folder(prefix) }
    if (mode === 'sync') return revokeNow(job, this.#prefixDeps, false)
    const id = await store.write((view) => enterJob(view, { ...job, mode }))
    await this.#runPrefixJob(id)
  }

  queuePrefix(view: WriteView, namespace: Namespace, prefix: string, mode: 'queue' | 'force'): void {
    enterJob(view, { namespaceId: namespace.id, prefix: folder(prefix), mode })
  }

  async anyBelow(view: ReadView, namespace: Namespace, prefix: string): Promise<boolean> {
    return (await view.keys(leaseKeys.ids(namespace.id) + prefix, { limit: 1 })).length > 0
  }

  async movePrefix(namespace: Namespace, from: string, to: string, into = namespace): Promise<void> {
    const { store } = this.#deps
    await eachLease({ store, stopped: () => this.#closed }, { namespaceId: namespace.id, prefix: from }, (ids) =>
      store.write(async (view) => {
        for (const id of ids) await this.#move(view, namespace, id, to + id.slice(from.length), into)
      }),
    )
  }

  async irrevocable(view: ReadView, namespace: Namespace): Promise<readonly IrrevocableLease[]> {
    const out: IrrevocableLease[] = []
    for (const key of await view.keys(leaseKeys.irrevocables(namespace.id))) {
      const bytes = await view.get(key)
      const lease = bytes && (await leaseRecords.get(view, namespace.id, decodeName(bytes).id))
      if (lease === undefined || lease === 'token' || lease.revokeError === undefined) continue
      out.push({
        leaseId: lease.id,
        mountAccessor: lease.mountAccessor,
        error: lease.revokeError,
        expiresAt: lease.expiresAt,
      })
    }
    return out.toSorted((a, b) => a.expiresAt - b.expiresAt || (a.leaseId < b.leaseId ? -1 : 1))
  }

  /** Leases of every namespace, tokens among them: for the metric. */
  async count(view: ReadView): Promise<number> {
    let total = 0
    for (const home of this.#homes()) {
      for (let after: string | undefined; ; await setImmediate()) {
        const page = { limit: PAGE, ...(after === undefined ? {} : { after }) }
        const keys = await view.keys(leaseKeys.allIds(home), page)
        total += keys.length
        if (keys.length < PAGE) break
        after = keys.at(-1)
      }
    }
    return total
  }

  /**
   * A namespace was opened: what came due in there while it was sealed is ended now, and what hung on tokens outside that were revoked
   * meanwhile. Never rejects.
   */
  async opened(home: string): Promise<void> {
    this.#worker.opened()
    await this.#tidy([home])
  }

  startTidy(): boolean {
    if (this.#tidying) return false
    this.#tidying = true
    void this.tidy()
    return true
  }

  /** Never rejects. */
  async tidy(): Promise<void> {
    try {
      await this.#tidy(this.#homes())
    } finally {
      this.#tidying = false
    }
  }

  async #tidy(homes: readonly string[]): Promise<void> {
    const { store, tokens, time, log } = this.#deps
    try {
      await tidyLeases({ store, tokens, time, log, homes, stopped: () => this.#closed })
    } catch (error) {
      log.error('tidying leases failed', { cause: error instanceof Error ? error.name : 'unknown' })
    }
  }

  #homes(): readonly string[] {
    return this.#deps.homes?.() ?? ['']
  }

  /** One entry of the list that `queuePrefix` makes; joins it where it runs already. */
  async #runPrefixJob(id: string): Promise<void> {
    const running = this.#jobs.get(id) ?? runJob(id, this.#prefixDeps)
    this.#jobs.set(id, running)
    try {
      await running
    } finally {
      this.#jobs.delete(id)
    }
  }

  async #move(view: WriteView, namespace: Namespace, id: string, newId: string, into: Namespace): Promise<void> {
    const lease = await leaseRecords.get(view, namespace.id, id)
    const path = newId.slice(0, newId.lastIndexOf('/'))
    if (lease === 'token') {
      const bytes = await view.get(leaseKeys.id(namespace.id, id))
      view.delete(leaseKeys.id(namespace.id, id))
      view.put(leaseKeys.id(namespace.id, newId), bytes ?? new Uint8Array(0))
      await this.#deps.tokens.moved(view, refOf(id), path)
    } else if (lease !== undefined) leaseRecords.rename(view, lease, leaseIdOf(path, refOf(id), into.id), path, into.id)
  }

  get #prefixDeps(): PrefixDeps {
    const { store, tokens, time } = this.#deps
    return { store, tokens, time, revoker: this.#revoker, stopped: () => this.#closed }
  }
}

function folder(prefix: string): string {
  return prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`
}
