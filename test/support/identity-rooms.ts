/** The identity engine and what the rest of the server has of it, over one memory store: `await using rooms = await identityRooms()`. */
import { Holders } from '../../src/engines/secrets/identity/holders.ts'
import { Identity } from '../../src/engines/secrets/identity/identity.ts'
import { identityEngine } from '../../src/engines/secrets/identity/engine.ts'
import type { EntityHolder } from '../../src/request/token-ports.ts'
import type { Mount } from '../../src/request/mount.ts'
import type { Driver } from '../../src/storage/driver.ts'
import { MemoryDriver } from '../../src/storage/drivers/memory.ts'
import { plainCodec } from '../../src/storage/plain-codec.ts'
import { Store } from '../../src/storage/store.ts'
import { testEngine, type EngineAnswer, type EngineUnderTest } from './engine.ts'
import { textAt } from './json.ts'
import { mountAt } from './token-rooms.ts'

/** Where `testEngine` keeps what an engine stores. */
const PREFIX = 'mount/'

export class IdentityRooms implements AsyncDisposable {
  readonly engine: EngineUnderTest
  readonly store: Store
  readonly identity: Identity
  readonly mounts: Map<string, Mount>

  constructor(engine: EngineUnderTest, store: Store, mounts: Map<string, Mount>) {
    this.engine = engine
    this.store = store
    this.mounts = mounts
    this.identity = this.another()
  }

  /** As another thread has it. */
  another(): Identity {
    const mounts = { byAccessor: (accessor: string) => this.mounts.get(accessor) }
    const holders = new Holders(this.store.driver, '')
    return new Identity({ store: this.store, clock: this.engine.clock, mounts, prefix: PREFIX, holders })
  }

  /** Sends a write that must succeed; the id in its answer. */
  async made(path: string, body: object): Promise<string> {
    const answer = await this.write(path, body)
    return answer.text === '' ? '' : textAt(answer.json, 'data', 'id')
  }

  async write(path: string, body: object): Promise<EngineAnswer> {
    const answer = await this.engine.write(path, body)
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${answer.text}`)
    return answer
  }

  /** The entity of a log-in at one of the mounts. */
  login(
    accessor: string,
    name: string,
    more: { readonly metadata?: Readonly<Record<string, string>>; readonly groups?: readonly string[] } = {},
  ): Promise<string> {
    const mount = this.mounts.get(accessor)
    if (mount === undefined) throw new Error(`no mount ${accessor}`)
    const metadata = more.metadata && new Map(Object.entries(more.metadata))
    return this.store.write((view) =>
      this.identity.entityOf(view, { name, mount, metadata, groupAliases: more.groups ?? [] }),
    )
  }

  /** What follows from an entity for a request that comes now. */
  holder(id: string, identity = this.identity): Promise<EntityHolder | undefined> {
    return this.store.read(async (view) => identity.holderOf(id, view))
  }

  async policies(id: string): Promise<readonly string[] | undefined> {
    return (await this.holder(id))?.policies
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.driver.close()
  }
}

/** With the auth methods `up1` and `up2`, and `here`, which is local. */
export async function identityRooms(driver: Driver = new MemoryDriver()): Promise<IdentityRooms> {
  const store = new Store(driver, plainCodec)
  const mounts = new Map(
    ['up1', 'up2', 'here'].map((accessor) => [
      accessor,
      { ...mountAt(`auth/${accessor}/`, 'userpass', 'auth'), accessor, local: accessor === 'here' },
    ]),
  )
  const engine = await testEngine(identityEngine({ mounts: { byAccessor: (accessor) => mounts.get(accessor) } }), {
    store,
  })
  return new IdentityRooms(engine, store, mounts)
}
