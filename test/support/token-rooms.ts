/** Token store, lease store and wrapping as `core/` puts them together, over a driver and a clock of the test's. */
import { testMount } from './mounts.ts'
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { TokenStore, type TokenStoreDeps } from '../../src/auth/token-store.ts'
import { defineLease, f, type LeaseDefinition } from '../../src/framework/index.ts'
import { FakeClock } from '../../src/lib/clock.ts'
import { silentLogger } from '../../src/lib/observe/index.ts'
import { LeaseStore } from '../../src/leases/lease-store.ts'
import { SteadyTime } from '../../src/leases/steady-time.ts'
import { tokenLeases } from '../../src/leases/token-leases.ts'
import type { Caller } from '../../src/request/caller.ts'
import { noTuning as tuning, type Mount, type MountKind, type MountTuning } from '../../src/request/mount.ts'
import type { AuthGrant } from '../../src/request/reply.ts'
import { rootNamespace } from '../../src/request/request.ts'
import type { MadeToken, TokenInit, TokenSealer } from '../../src/request/token-ports.ts'
import { Wrapping, wrappingPrefix } from '../../src/response/wrapping.ts'
import { MemoryDriver } from '../../src/storage/drivers/memory.ts'
import type { Driver } from '../../src/storage/driver.ts'
import { plainCodec } from '../../src/storage/plain-codec.ts'
import { Store } from '../../src/storage/store.ts'
import type { QueueLimits } from '../../src/leases/due-queue.ts'

export const limits = { defaultTtl: 2_764_800, maxTtl: 2_764_800 }
export const DAY = 86_400_000

export function mountAt(
  path: string,
  type: string,
  kind: MountKind = 'secret',
  tuned: Partial<MountTuning> = {},
): Mount {
  const own = { uuid: `uuid-${path}`, accessor: `${type}_12345678`, tuning: { ...tuning, ...tuned } }
  return testMount(path, { kind, type, ...own })
}

/** An engine's credentials: who has one is in `users`. `fail` says what happens to the next revocations. */
export class Database {
  readonly users = new Set<string>()
  readonly attempts = new Map<string, number>()
  fail: (user: string) => void | Promise<void> = () => undefined

  readonly lease: LeaseDefinition = defineLease({
    type: 'creds',
    internal: { user: f.string() },
    renew: (c) => ({ ttl: c.increment }),
    revoke: async (c) => {
      const { user } = c.internal
      this.attempts.set(user, (this.attempts.get(user) ?? 0) + 1)
      await this.fail(user)
      this.users.delete(user)
    },
  })
}

/** Seals as the barrier does: what was altered does not open. */
class TestSealer implements TokenSealer {
  readonly #key = randomBytes(32)

  seal(plaintext: Uint8Array): Uint8Array {
    const iv = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv)
    return Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
  }

  open(sealed: Uint8Array): Uint8Array | undefined {
    if (sealed.length < 28) return undefined
    const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(0, 12), { authTagLength: 16 })
    decipher.setAuthTag(sealed.subarray(-16))
    try {
      return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()])
    } catch {
      return undefined
    }
  }
}

export interface RoomOptions {
  readonly driver?: Driver
  readonly clock?: FakeClock
  readonly database?: Database
  readonly sealer?: TokenSealer
  readonly workers?: Partial<QueueLimits>
  readonly tokens?: Partial<TokenStoreDeps>
}

export class TokenRooms {
  readonly driver: Driver
  readonly store: Store
  readonly clock: FakeClock
  readonly time: SteadyTime
  readonly database: Database
  readonly sealer: TokenSealer
  readonly tokens: TokenStore
  readonly leases: LeaseStore
  readonly wrapping: Wrapping
  readonly db: Mount = mountAt('db/', 'database')
  readonly userpass: Mount = mountAt('auth/userpass/', 'userpass', 'auth')
  /** Limits of every mount. */
  limits = limits

  static async open(options: RoomOptions = {}): Promise<TokenRooms> {
    const clock = options.clock ?? new FakeClock()
    const time = new SteadyTime(clock)
    const store = new Store(options.driver ?? new MemoryDriver(), plainCodec)
    const sealer = options.sealer ?? new TestSealer()
    const box: { rooms?: TokenRooms } = {}
    const limitsNow = () => box.rooms?.limits ?? limits
    const tokens = await TokenStore.open({
      store,
      clock: time,
      log: silentLogger,
      leases: tokenLeases,
      sealer,
      limitsOf: limitsNow,
      limitsOfUuid: limitsNow,
      privateStorage: (token) => [`logical/cubbyhole/${token.accessor}/`, wrappingPrefix(token.key)],
      ...options.tokens,
    })
    box.rooms = new TokenRooms(options, { clock, time, store, sealer, tokens })
    return box.rooms
  }

  private constructor(options: RoomOptions, made: Pick<TokenRooms, 'clock' | 'time' | 'store' | 'sealer' | 'tokens'>) {
    const { clock, time, store, sealer, tokens } = made
    this.clock = clock
    this.time = time
    this.store = store
    this.driver = store.driver
    this.sealer = sealer
    this.tokens = tokens
    this.database = options.database ?? new Database()
    this.leases = new LeaseStore({
      store,
      clock,
      time,
      log: silentLogger,
      tokens,
      workers: options.workers ?? {},
      engines: {
        find: (uuid, type) =>
          uuid === this.db.uuid && type === 'creds'
            ? { definition: this.database.lease, mount: this.db, limits: this.limits, storage: 'logical/db/' }
            : undefined,
        limitsOf: () => this.limits,
      },
    })
    this.wrapping = new Wrapping({ store, time, tokens })
  }

  /** The same storage, clock and world after a restart: nothing in memory is left. */
  async restart(): Promise<TokenRooms> {
    await this.close()
    const { driver, clock, database, sealer } = this
    return TokenRooms.open({ driver, clock, database, sealer })
  }

  /** The expiry worker begins, and has done what is due. */
  async start(): Promise<this> {
    this.leases.start()
    await this.leases.settled()
    return this
  }

  /** Time passes, and the worker does what falls due. */
  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms)
    await this.leases.settled()
  }

  async close(): Promise<void> {
    await this.leases.stop()
    this.tokens.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  root(): Promise<MadeToken> {
    return this.store.write((view) => this.tokens.createRoot(view))
  }

  init(init: Partial<TokenInit> = {}): TokenInit {
    return {
      type: 'service',
      parent: undefined,
      policies: ['default'],
      path: 'auth/token/create',
      meta: undefined,
      displayName: 'token',
      numUses: 0,
      ttl: 3600,
      explicitMaxTtl: 0,
      period: 0,
      role: '',
      entityId: '',
      boundCidrs: [],
      renewable: true,
      namespaceId: 'root',
      ...init,
    }
  }

  make(init: Partial<TokenInit> = {}): Promise<MadeToken> {
    return this.store.write((view) => this.tokens.make(view, this.init(init)))
  }

  login(grant: Partial<AuthGrant> = {}, mount: Mount = this.userpass) {
    return this.store.write((view) =>
      this.tokens.create(
        view,
        { displayName: 'bob', policies: ['p1'], ...grant },
        {
          mount,
          path: `${mount.path}login/bob`,
          parent: undefined,
          namespace: rootNamespace,
          remoteAddress: '127.0.0.1',
        },
      ),
    )
  }

  async caller(token: string): Promise<Caller | undefined> {
    return this.store.read((view) => this.tokens.lookup(token, view))
  }

  async holds(token: string): Promise<boolean> {
    return (await this.caller(token)) !== undefined
  }

  revoke(key: string): Promise<void> {
    return this.store.write((view) => this.tokens.revoke(view, key))
  }

  /** A database user with a lease. */
  async issue(token: string, user: string, ttl = 3600, path = 'db/creds/r') {
    const caller = await this.caller(token)
    this.database.users.add(user)
    return this.store.write((view) =>
      this.leases.register(
        view,
        { type: 'creds', internal: { user }, ttl, renewable: true },
        { mount: this.db, path, caller, namespace: rootNamespace },
      ),
    )
  }

  renewLease(leaseId: string, increment = 0) {
    return this.store.write((view) => this.leases.renew(view, rootNamespace, leaseId, increment))
  }

  lookupLease(leaseId: string) {
    return this.store.read((view) => this.leases.lookup(view, rootNamespace, leaseId))
  }

  /** Every key in storage, but the salt. */
  async keys(prefix = ''): Promise<string[]> {
    const keys = await this.store.read((view) => view.keys(prefix))
    return keys.filter((key) => key !== 'sys/token/salt')
  }
}
