/** What the paths that look into a running server, and tell it to take things anew, need of the rooms around them. */
import type { Awaitable } from '../lib/awaitable.ts'
import type { JsonOut } from '../lib/json/index.ts'
import type { ReadView, WriteView } from '../storage/view.ts'

/** Headers of the answers to whatever lies below `/ui`. */
export interface UiHeadersPort {
  /** Names as sent, sorted. */
  names(): readonly string[]
  values(name: string): readonly string[] | undefined
  put(view: WriteView, name: string, values: readonly string[]): void
  delete(view: WriteView, name: string): void
}

/** What a client of `sys/monitor` wants to see; a word that is no level, or no format, is told apart by the path. */
export interface MonitorWish {
  readonly level: string
  readonly format: string
}

export interface MonitorPort {
  /** Lines as they come, until the client or the server goes. Undefined where too many look on already. */
  lines(wish: MonitorWish): AsyncIterable<Uint8Array> | 'level' | 'format' | 'full'
}

export interface ProfileWish {
  readonly kind: 'cpu' | 'heap' | 'allocs'
  readonly seconds: number
}

/** The process looked at from inside. Nothing here tells what values are. */
export interface ProfilerPort {
  /**
   * In V8's own format, as JSON. `thread`: 0 is the main one. Undefined where there is no such thread; rejects with `SYSTEM_PROFILING`
   * where one is being made.
   */
  profile(thread: number, wish: ProfileWish): Promise<string | undefined>
  /** Trace events of the main thread, in the format of Chrome's. */
  trace(seconds: number): Promise<string>
  /** What keeps the event loop of the main thread busy, or waiting. */
  activity(): string
  heapStatistics(): string
  threads(): string
  loopDelay(): string
  commandLine(): readonly string[]
}

/** Built-in engines and databases, as Vault's plugins. */
export interface CatalogPort {
  /** Names by their type, sorted. */
  names(type: PluginType): readonly string[]
  readonly version: string
}

export const pluginTypes = ['auth', 'database', 'secret'] as const
export type PluginType = (typeof pluginTypes)[number]

export interface ReloadedOn {
  /** Names the node, and the thread in it. */
  readonly where: string
  /** RFC 3339. */
  readonly at: string
}

export interface EngineReloadPort {
  /** The engines of these mounts let go of what they hold, on every node and thread, once the transaction is committed. */
  reload(view: WriteView, id: string, mountUuids: readonly string[], at: string): Promise<void>
  /** Undefined for one that is not known any more. */
  status(view: ReadView, id: string): Promise<ReloadedOn | undefined>
}

/** What a running server takes anew without being started again. */
export interface ReloadPort {
  /** False for a name that is none. Rejects with `SYSTEM_NOT_RELOADED`. */
  reload(subsystem: string): Promise<boolean>
}

/** The seal's own wrapping of what opens the vault. */
export interface SealWrapPort {
  /** Begins, unless it is under way. */
  rewrap(): Awaitable<void>
  status(): ReadonlyMap<string, JsonOut>
}
