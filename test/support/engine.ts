/**
 * One engine on a memory store, reached through the pipeline's own stages without HTTP:
 * `await using e = await testEngine(kvV2)`, then `await e.write('data/a', '{"data":{}}')`. Every caller is allowed everything.
 */
import { testMount } from './mounts.ts'
import { Readable } from 'node:stream'
import type { PipelineDeps } from '../../src/core/deps.ts'
import { handle } from '../../src/core/pipeline.ts'
import type { Engine } from '../../src/framework/engine.ts'
import { FakeClock } from '../../src/lib/clock.ts'
import { membersOf, RawJson } from '../../src/lib/json/index.ts'
import { silentLogger } from '../../src/lib/observe/index.ts'
import type { Caller } from '../../src/request/caller.ts'
import type { Emit, EngineEvent, EventSink } from '../../src/request/event-ports.ts'
import type { Mount } from '../../src/request/mount.ts'
import type { PolicyPort, TokenPort } from '../../src/request/ports.ts'
import type { RateLimitPort } from '../../src/request/quota-ports.ts'
import { rootNamespace } from '../../src/request/request.ts'
import { plainListener } from '../../src/request/wire.ts'
import { MountIndex } from '../../src/router/mount-index.ts'
import { Router } from '../../src/router/router.ts'
import { MemoryDriver } from '../../src/storage/drivers/memory.ts'
import { plainCodec } from '../../src/storage/plain-codec.ts'
import { Store } from '../../src/storage/store.ts'

export interface TestEngineOptions {
  /** Mount options: `{ version: '2' }`. */
  readonly options?: Readonly<Record<string, string>>
  /** Seconds. */
  readonly defaultTtl?: number
  readonly maxTtl?: number
  readonly clock?: FakeClock
  readonly caller?: Caller
  /** What another engine under test left behind. */
  readonly store?: Store
  /** Told of each token that the engine's replies have made; without it none can be made. */
  readonly tokenMade?: () => void
  /** Told of each event of a transaction that has committed. */
  readonly emitted?: (event: EngineEvent) => void
}

type Body = string | object

export class EngineAnswer {
  readonly status: number
  /** The body as it would be sent. */
  readonly text: string

  constructor(status: number, text: string) {
    this.status = status
    this.text = text
  }

  get json(): unknown {
    return this.text === '' ? undefined : JSON.parse(this.text)
  }

  get data(): unknown {
    return this.#member('data')
  }

  get errors(): unknown {
    return this.#member('errors')
  }

  get warnings(): unknown {
    return this.#member('warnings')
  }

  /** The source text at `path`, byte for byte: `source('data', 'data')`. */
  source(...path: readonly string[]): string | undefined {
    let here: RawJson | undefined = new RawJson(this.text.trim())
    for (const name of path) here = here && membersOf(here)?.get(name)
    return here?.text
  }

  #member(name: string): unknown {
    const text = this.source(name)
    return text === undefined ? undefined : JSON.parse(text)
  }
}

export class EngineUnderTest implements AsyncDisposable {
  readonly store: Store
  readonly clock: FakeClock
  readonly mount: Mount
  readonly #deps: PipelineDeps
  readonly #caller: Caller

  constructor(store: Store, clock: FakeClock, mount: Mount, deps: PipelineDeps, caller: Caller) {
    this.store = store
    this.clock = clock
    this.mount = mount
    this.#deps = deps
    this.#caller = caller
  }

  /** The same engine, asked by someone else. */
  as(caller: Caller): EngineUnderTest {
    return new EngineUnderTest(
      this.store,
      this.clock,
      this.mount,
      { ...this.#deps, tokens: () => tokensOf(caller) },
      caller,
    )
  }

  read(path: string, query: Readonly<Record<string, string>> = {}): Promise<EngineAnswer> {
    return this.request('GET', target(path, query))
  }

  list(path: string, query: Readonly<Record<string, string>> = {}): Promise<EngineAnswer> {
    return this.request('LIST', target(path, query))
  }

  scan(path: string, query: Readonly<Record<string, string>> = {}): Promise<EngineAnswer> {
    return this.request('SCAN', target(path, query))
  }

  write(path: string, body: Body = ''): Promise<EngineAnswer> {
    return this.request('POST', target(path), body)
  }

  patch(path: string, body: Body): Promise<EngineAnswer> {
    return this.request('PATCH', target(path), body, { 'content-type': 'application/merge-patch+json' })
  }

  delete(path: string, query: Readonly<Record<string, string>> = {}): Promise<EngineAnswer> {
    return this.request('DELETE', target(path, query))
  }

  /** `target` is relative to the mount and percent-encoded already. */
  async request(
    method: string,
    target: string,
    body: Body = '',
    headers: Readonly<Record<string, string>> = {},
  ): Promise<EngineAnswer> {
    const all = { 'x-vault-token': this.#caller.token, ...headers }
    const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    const reply = await handle(
      {
        method,
        target: `/v1/${this.mount.path}${target}`,
        headers: new Map(Object.entries(all).map(([name, value]) => [name.toLowerCase(), [value]])),
        remoteAddress: '127.0.0.1',
        remotePort: 40000,
        tls: false,
        peerCertificate: undefined,
        listener: plainListener,
        expired: false,
        readBody: async () => bytes,
        openBody: () => Readable.from([bytes]),
        signal: new AbortController().signal,
      },
      this.#deps,
    )
    if (typeof reply.body === 'object' && !(reply.body instanceof Uint8Array)) throw new Error('the reply is a stream')
    return new EngineAnswer(reply.status, Buffer.from(reply.body ?? '').toString())
  }

  /** Every key of the storage, to see what is left behind. */
  storedKeys(): Promise<string[]> {
    return this.store.read((view) => view.keys(''))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.driver.close()
  }
}

export async function testEngine(engine: Engine, init: TestEngineOptions = {}): Promise<EngineUnderTest> {
  const clock = init.clock ?? new FakeClock()
  const store = init.store ?? new Store(new MemoryDriver(), plainCodec)
  const mount = mountOf(engine, init.options ?? {})
  const caller = init.caller ?? testCaller('root')
  const index = new MountIndex([mount])
  const router = new Router({ mounts: () => index, engineOf: () => engine })
  const { defaultTtl = 2_764_800, maxTtl = 2_764_800 } = init
  const missing = (what: string) => () => {
    throw new Error(`an engine under test has no ${what}`)
  }
  const deps: PipelineDeps = {
    clock,
    log: silentLogger,
    namespaces: {
      locate: (_header, path) => ({ namespace: rootNamespace, path }),
      byId: () => rootNamespace,
      lockedAt: () => undefined,
      isSealed: () => false,
      isHomeSealed: () => false,
    },
    state: () => 'active',
    reads: () => true,
    reach: () => 'leader',
    elsewhere: () => Promise.reject(new Error('everything is carried out here')),
    indexed: () => false,
    floor: () => 0,
    store: () => store,
    openSnapshot: () => store.beginRead(),
    router: () => router,
    tokens: () => tokensOf(caller, init.tokenMade),
    groupPolicies: { asking: (caller) => caller },
    // Nobody counts who uses one engine.
    clients: { isSettled: () => true, isNew: async () => false, count: () => undefined, pause: () => undefined },
    lockout: () => undefined,
    policies: () => allowAll,
    rateLimits: () => noLimits,
    governing: () => ({ isIdle: () => true, failuresOf: async () => [] }),
    factors: missing('second factors'),
    stepUp: missing('second factors'),
    leases: missing('lease store'),
    audit: () => ({ enabled: false, request: async () => {}, response: async () => {} }),
    wrapping: missing('response wrapping'),
    holds: missing('held requests'),
    events: () => ({ emit: (view, _mount, event) => view.onCommitted(() => void init.emitted?.(event)) }),
    storageOf: () => STORAGE,
    assertHeld: async () => {},
    replacedAt: () => 0,
    limitsOf: () => ({ defaultTtl, maxTtl }),
  }
  await store.write(async (view) => engine.mounted?.({ mount, view: view.sub(STORAGE), clock }))
  return new EngineUnderTest(store, clock, mount, deps, caller)
}

/** For what tells of nothing that a test asks about. */
export const nothing: Emit = () => undefined
export const noEvents: EventSink = { emit: () => undefined }

const STORAGE = 'mount/'

const noLimits: RateLimitPort = { any: false, audited: false, byRole: () => false, find: () => undefined }

export function testCaller(name: string, more: Partial<Caller> = {}): Caller {
  return {
    token: `hvs.${name}`,
    accessor: `accessor-of-${name}`,
    type: 'service',
    displayName: name,
    policies: ['root'],
    tokenPolicies: ['root'],
    identityPolicies: [],
    entityId: '',
    meta: new Map(),
    path: 'auth/token/create',
    orphan: true,
    numUses: 0,
    ttl: 0,
    issuedAt: 0,
    expiresAt: undefined,
    namespaceId: 'root',
    ...more,
  }
}

function tokensOf(caller: Caller, made?: () => void): TokenPort {
  return {
    lookup: () => caller,
    consume: async () => true,
    finished: async () => {},
    allowsAddress: () => true,
    create: async () => {
      made?.()
      throw new Error('an engine under test has no token store')
    },
  }
}

const allowAll: PolicyPort = {
  mayDemandFactors: () => false,
  authorize: () => ({
    allowed: true,
    sudo: true,
    isRoot: true,
    grantingPolicies: [],
    minWrappingTtl: undefined,
    maxWrappingTtl: undefined,
    paginationLimit: undefined,
  }),
  mayHold: () => false,
}

function target(path: string, query: Readonly<Record<string, string>> = {}): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/')
  const search = new URLSearchParams(query).toString()
  return search === '' ? encoded : `${encoded}?${search}`
}

function mountOf(engine: Engine, options: Readonly<Record<string, string>>): Mount {
  return testMount('test/', {
    kind: engine.kind,
    type: engine.type,
    uuid: '5f2c1e6a-0000-4000-8000-000000000000',
    accessor: `${engine.type}_test`,
    options: new Map(Object.entries(options)),
  })
}
