/** WHO: finds, makes, prolongs and revokes tokens. Implements the ports of `request/token-ports.ts`. */
import { setImmediate } from 'node:timers/promises'
import type { Awaitable } from '../lib/awaitable.ts'
import type { Logger } from '../lib/observe/index.ts'
import { freshBytes } from '../lib/secure/random.ts'
import type { TtlLimits } from '../lib/ttl.ts'
import type { Caller } from '../request/caller.ts'
import type { Mount } from '../request/mount.ts'
import type { LoginGate } from '../request/mfa-ports.ts'
import type { LeaseCountPort } from '../request/quota-ports.ts'
import type { GrantContext, TokenPort } from '../request/ports.ts'
import type { AuthGrant } from '../request/reply.ts'
import type {
  CallerIndex,
  EntityHolder,
  EntityPort,
  IssuedAuth,
  MadeToken,
  MethodRenewal,
  Renewed,
  RenewalRule,
  RootTokenIndex,
  TokenDetails,
  TokenExpiry,
  TokenInit,
  TokenLeases,
  TokenPaths,
  TokenSealer,
  WrappingPolicy,
  WrappingTokens,
} from '../request/token-ports.ts'
import type { Store } from '../storage/store.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import { callerOf, isHeld, withHolder, type HeldCaller } from './caller.ts'
import { createToken } from './create-token.ts'
import { loginToken } from './login-token.ts'
import { decodeAccessor, TokenRecords, type PrivateStorage } from './records.ts'
import { renewToken } from './renew-token.ts'
import { cleanUpTree, revokeToken } from './revoke-tree.ts'
import { tidyTokens } from './tidy.ts'
import { TokenCache, type CachedToken } from './token-cache.ts'
import { detailsOf } from './token-entry.ts'
import { TokenFinder } from './token-finder.ts'
import { TokenHasher } from './token-hasher.ts'
import { tokenKeys } from './token-keys.ts'

export interface TokenStoreDeps {
  readonly store: Store
  /** Steady time, as the expiry worker's. */
  readonly clock: { now(): number }
  readonly log: Logger
  readonly leases: TokenLeases
  /** How many there may be; nothing is counted without it. */
  readonly counts?: LeaseCountPort
  readonly sealer: TokenSealer
  /** What else is kept for a token and goes with it: its cubbyhole, a wrapped reply. */
  readonly privateStorage: PrivateStorage
  limitsOf(mount: Mount): TtlLimits
  /** Limits of the mount with this uuid, or the system's where it is gone. */
  limitsOfUuid(mountUuid: string): TtlLimits
  readonly entities?: EntityPort
  /** Second factors of log-ins; without it none is demanded. */
  readonly gate?: LoginGate
  /** Undefined where the mount is gone; without it the groups of an entity are not renewed with its token. */
  readonly mountOf?: (uuid: string) => Mount | undefined
  readonly renewals?: MethodRenewal
  /** Folders of the namespaces whose tokens can be read; empty is that of all that have none. */
  homes?(): readonly string[]
}

/** After its last use a token waits this long for the request that used it, should the server stop before that ends. */
const LAST_USE_GRACE = 90_000
const WRAPPING_POLICY = 'response-wrapping'
const PAGE = 500

const ROOT: TokenInit = {
  type: 'service',
  parent: undefined,
  policies: ['root'],
  path: 'auth/token/root',
  meta: undefined,
  displayName: 'root',
  numUses: 0,
  ttl: 0,
  explicitMaxTtl: 0,
  period: 0,
  role: '',
  entityId: '',
  boundCidrs: [],
  renewable: false,
  namespaceId: 'root',
}

export class TokenStore implements TokenPort, TokenPaths, WrappingTokens, TokenExpiry, CallerIndex, RootTokenIndex {
  readonly #deps: TokenStoreDeps
  readonly #hasher: TokenHasher
  readonly #records: TokenRecords
  readonly #cache = new TokenCache()
  readonly #finder: TokenFinder
  readonly #unsubscribe: () => void
  #tidying = false
  #closed = false

  static async open(deps: TokenStoreDeps): Promise<TokenStore> {
    return new TokenStore(deps, await deps.store.write(hasherIn))
  }

  /** Where nothing can be written: the vault has its salt since it was made. */
  static async openReader(deps: TokenStoreDeps): Promise<TokenStore> {
    const salt = await deps.store.read((view) => view.get(tokenKeys.salt))
    if (salt === undefined) throw new Error('the vault has no salt for its tokens')
    return new TokenStore(deps, new TokenHasher(salt))
  }

  /** In the transaction that makes a new vault. */
  static async openIn(view: WriteView, deps: TokenStoreDeps): Promise<TokenStore> {
    return new TokenStore(deps, await hasherIn(view))
  }

  private constructor(deps: TokenStoreDeps, hasher: TokenHasher) {
    this.#deps = deps
    this.#hasher = hasher
    this.#records = new TokenRecords({ ...deps, hasher })
    const { store, sealer, clock } = deps
    this.#finder = new TokenFinder({ store, records: this.#records, cache: this.#cache, sealer, clock })
    this.#unsubscribe = deps.store.driver.subscribe((change) => this.#cache.changed(change))
  }

  /** A namespace is sealed: nothing that was read in it stays in memory. */
  forget(): void {
    this.#cache.clear()
  }

  /** At seal: nothing of a token stays in memory. */
  close(): void {
    this.#closed = true
    this.#unsubscribe()
    this.#cache.clear()
  }

  // TokenPort

  lookup(token: string, view: ReadView): Awaitable<Caller | undefined> {
    const key = this.#hasher.keyOf(token)
    if (key === undefined) return undefined
    const cached = this.#finder.cached(key)
    return cached === undefined ? this.#lookupSlowly(token, key, view) : this.#callerWithIdentity(cached, token, view)
  }

  async consume(caller: Caller): Promise<boolean> {
    const key = this.#keyOf(caller)
    return this.#deps.store.write(async (view) => {
      const entry = await this.#records.get(view, key)
      if (entry === undefined || entry.state !== 'live' || entry.numUses < 0) return false
      if (entry.numUses === 0) return true
      const now = this.#deps.clock.now()
      const last = entry.numUses === 1
      const due = Math.min(now + LAST_USE_GRACE, entry.expiresAt ?? Infinity)
      const next = last ? this.#records.schedule(view, entry, due) : entry
      this.#records.put(view, { ...next, numUses: last ? -1 : entry.numUses - 1 })
      return true
    })
  }

  async finished(caller: Caller): Promise<void> {
    const key = this.#keyOf(caller)
    const entry = await this.#deps.store.read((view) => this.#records.get(view, key))
    if (entry?.numUses === -1) await this.#deps.store.write((view) => this.revoke(view, key))
  }

  allowsAddress(caller: Caller, remoteAddress: string): boolean {
    return isHeld(caller) && caller.bound.allows(remoteAddress)
  }

  create(view: WriteView, grant: AuthGrant, context: GrantContext): Promise<IssuedAuth> {
    const { clock, entities } = this.#deps
    return loginToken(view, grant, context, {
      clock,
      entities,
      gate: this.#deps.gate,
      limitsOf: (mount) => this.#deps.limitsOf(mount),
      create: (v, init, login) => createToken(v, init, this.#makers, { login }),
    })
  }

  /**
   * The first token, made at initialisation or by an operator's quorum: it has no lease and never expires, unless it was given a lifetime
   * (seconds). A development server chooses its value; then nothing happens where it is there already.
   */
  async createRoot(view: WriteView, value?: string, ttl = 0): Promise<MadeToken> {
    const key = value === undefined ? undefined : this.#hasher.keyOf(value)
    const present = key === undefined ? undefined : await this.#records.get(view, key)
    if (value !== undefined && present !== undefined)
      return { token: value, accessor: present.accessor, key: present.key }
    const init = { ...ROOT, ttl, explicitMaxTtl: ttl }
    return createToken(view, init, this.#makers, { leased: ttl > 0, ...(value === undefined ? {} : { value }) })
  }

  // TokenPaths

  find(_view: ReadView, token: string): Awaitable<TokenDetails | undefined> {
    const key = this.#hasher.keyOf(token)
    if (key === undefined) return undefined
    const cached = this.#finder.cached(key)
    return this.#finder.isValid(cached) ? detailsOf(cached.entry) : this.#findSlowly(key, token)
  }

  make(view: WriteView, init: TokenInit): Promise<MadeToken> {
    return createToken(view, init, this.#makers)
  }

  async findByAccessor(view: ReadView, accessor: string, namespaceId: string): Promise<TokenDetails | undefined> {
    const key = await this.#records.keyOfAccessor(view, namespaceId, accessor)
    return key === undefined ? undefined : this.details(view, key)
  }

  async accessors(view: ReadView, namespaceId: string) {
    const prefix = tokenKeys.accessors(namespaceId)
    const accessors: string[] = []
    let damaged = 0
    for (let after: string | undefined; ; await setImmediate()) {
      const keys = await view.keys(prefix, { limit: PAGE, ...(after === undefined ? {} : { after }) })
      for (const key of keys) {
        const bytes = await view.get(key)
        if (bytes === undefined) damaged++
        else accessors.push(decodeAccessor(bytes).accessor)
      }
      if (keys.length < PAGE) return { accessors, damaged }
      after = keys.at(-1)
    }
  }

  renew(
    view: WriteView,
    token: TokenDetails,
    increment: number,
    ruleOf: (token: TokenDetails) => Awaitable<RenewalRule>,
  ): Promise<Renewed> {
    const { leases, clock, renewals, limitsOfUuid, entities, mountOf } = this.#deps
    return renewToken(view, token.key, increment, ruleOf, {
      records: this.#records,
      leases,
      clock,
      renewals,
      limitsOf: limitsOfUuid,
      refreshGroups: async (v, entityId, mountUuid, aliases) => {
        const mount = mountOf?.(mountUuid)
        if (mount !== undefined) await entities?.refreshGroups(v, entityId, mount, aliases)
      },
    })
  }

  revoke(view: WriteView, key: string): Promise<void> {
    return revokeToken(view, key, 'revoked', { records: this.#records, clock: this.#deps.clock })
  }

  revokeOrphan(view: WriteView, key: string): Promise<void> {
    return revokeToken(view, key, 'leaving', { records: this.#records, clock: this.#deps.clock })
  }

  // RootTokenIndex

  async rootTokens(view: ReadView): Promise<readonly TokenDetails[]> {
    const found: TokenDetails[] = []
    for (let after: string | undefined; ; await setImmediate()) {
      const keys = await view.keys(tokenKeys.roots, { limit: PAGE, ...(after === undefined ? {} : { after }) })
      for (const key of keys) {
        const token = await this.details(view, key.slice(tokenKeys.roots.length))
        if (token !== undefined) found.push(token)
      }
      if (keys.length < PAGE) return found
      after = keys.at(-1)
    }
  }

  startTidy(): boolean {
    if (this.#tidying) return false
    this.#tidying = true
    void this.tidy()
    return true
  }

  /** Never rejects. */
  async tidy(): Promise<void> {
    const { store, clock, log } = this.#deps
    try {
      const homes = () => this.#deps.homes?.() ?? ['']
      await tidyTokens({ store, records: this.#records, clock, log, homes, stopped: () => this.#closed })
    } catch (error) {
      log.error('tidying tokens failed', { cause: error instanceof Error ? error.name : 'unknown' })
    } finally {
      this.#tidying = false
    }
  }

  // WrappingTokens

  createWrapping(view: WriteView, init: Parameters<WrappingTokens['createWrapping']>[1]): Promise<MadeToken> {
    const { path, ttl, namespaceId, policy = WRAPPING_POLICY } = init
    const wish: TokenInit = {
      type: 'service',
      parent: undefined,
      policies: [policy],
      path,
      meta: undefined,
      displayName: '',
      numUses: 1,
      ttl,
      explicitMaxTtl: ttl,
      period: 0,
      role: '',
      entityId: '',
      boundCidrs: [],
      renewable: false,
      namespaceId,
    }
    return createToken(view, wish, this.#makers)
  }

  async findWrapping(
    view: ReadView,
    token: string,
    policy: WrappingPolicy = WRAPPING_POLICY,
  ): Promise<{ readonly key: string; readonly namespaceId: string } | undefined> {
    const key = this.#hasher.keyOf(token)
    return key === undefined ? undefined : this.#wrappingAt(view, key, policy)
  }

  async findWrappingByAccessor(
    view: ReadView,
    accessor: string,
    namespaceId: string,
    policy: WrappingPolicy,
  ): Promise<{ readonly key: string } | undefined> {
    const key = await this.#records.keyOfAccessor(view, namespaceId, accessor)
    return key === undefined ? undefined : this.#wrappingAt(view, key, policy)
  }

  async #wrappingAt(view: ReadView, key: string, policy: WrappingPolicy) {
    // Read in the caller's transaction, not from the cache: of two who spend it one must fail.
    const entry = await this.#records.get(view, key)
    if (entry === undefined || entry.state !== 'live' || entry.numUses !== 1) return undefined
    if (!this.#finder.isStanding(entry)) return undefined
    if (entry.policies.length !== 1 || entry.policies[0] !== policy) return undefined
    return { key: entry.key, namespaceId: entry.namespaceId }
  }

  spend(view: WriteView, key: string): Promise<void> {
    return this.revoke(view, key)
  }

  // TokenExpiry

  async details(view: ReadView, key: string): Promise<TokenDetails | undefined> {
    const entry = await this.#records.get(view, key)
    if (entry === undefined || !this.#finder.isStanding(entry)) return undefined
    if (entry.parent !== '' && !this.#finder.isValid(await this.#finder.load(entry.parent))) return undefined
    return detailsOf(entry)
  }

  async stored(view: ReadView, key: string): Promise<boolean> {
    return (await view.get(tokenKeys.id(key))) !== undefined
  }

  ownerOf(caller: Caller): { readonly key: string; readonly endsAt: number | undefined } {
    if (!isHeld(caller)) throw new Error('not a caller of this token store')
    if (caller.type === 'batch') return { key: caller.parentKey, endsAt: caller.expiresAt }
    return { key: caller.tokenKey, endsAt: undefined }
  }

  async holds(view: ReadView, key: string): Promise<boolean> {
    const entry = await this.#records.get(view, key)
    return entry !== undefined && this.#finder.isStanding(entry)
  }

  cleanUp(key: string): Promise<void> {
    return cleanUpTree(this.#deps.store, key, { records: this.#records, clock: this.#deps.clock })
  }

  async moved(view: WriteView, key: string, path: string): Promise<void> {
    const entry = await this.#records.get(view, key)
    if (entry !== undefined) this.#records.put(view, { ...entry, path })
  }

  // CallerIndex

  byToken(token: string, view: ReadView): Awaitable<Caller | undefined> {
    return this.lookup(token, view)
  }

  async byAccessor(accessor: string, view: ReadView, namespaceId: string): Promise<Caller | undefined> {
    const key = await this.#records.keyOfAccessor(view, namespaceId, accessor)
    const cached = key === undefined ? undefined : await this.#finder.load(key)
    if (!this.#finder.isValid(cached)) return undefined
    return this.#withIdentity(callerOf(cached.entry, ''), view)
  }

  // Finding

  async #lookupSlowly(token: string, key: string, view: ReadView): Promise<Caller | undefined> {
    const found = await this.#finder.load(key, token)
    return found === undefined ? undefined : this.#callerWithIdentity(found, token, view)
  }

  /** Without waiting where all of it is in memory. */
  #callerWithIdentity(cached: CachedToken, token: string, view: ReadView): Awaitable<Caller | undefined> {
    const caller = this.#callerOf(cached, token)
    if (caller === undefined || caller.entityId === '' || this.#deps.entities === undefined) return caller
    const holder = this.#deps.entities.holderOf(caller.entityId, view, caller.namespaceId)
    const held = (found: EntityHolder | undefined) => {
      if (found === undefined) return undefined
      if (cached.held?.holder !== found) cached.held = { holder: found, caller: withHolder(caller, found) }
      return cached.held.caller
    }
    return holder instanceof Promise ? holder.then(held) : held(holder)
  }

  #callerOf(cached: CachedToken, token: string): HeldCaller | undefined {
    if (!this.#finder.isValid(cached)) return undefined
    return (cached.caller ??= callerOf(cached.entry, token))
  }

  async #withIdentity(caller: HeldCaller, view: ReadView): Promise<Caller | undefined> {
    if (caller.entityId === '' || this.#deps.entities === undefined) return caller
    const holder = await this.#deps.entities.holderOf(caller.entityId, view, caller.namespaceId)
    return holder === undefined ? undefined : withHolder(caller, holder)
  }

  async #findSlowly(key: string, token: string): Promise<TokenDetails | undefined> {
    const found = await this.#finder.load(key, token)
    return found !== undefined && this.#finder.isUsable(found) ? detailsOf(found.entry) : undefined
  }

  #keyOf(caller: Caller): string {
    if (!isHeld(caller)) throw new Error('not a caller of this token store')
    return caller.tokenKey
  }

  get #makers() {
    const { sealer, clock } = this.#deps
    return { records: this.#records, hasher: this.#hasher, sealer, clock }
  }
}

/** The salt is made where there is none yet. */
async function hasherIn(view: WriteView): Promise<TokenHasher> {
  const stored = await view.get(tokenKeys.salt)
  const salt = stored ?? freshBytes(32)
  if (stored === undefined) view.put(tokenKeys.salt, salt)
  return new TokenHasher(salt)
}
