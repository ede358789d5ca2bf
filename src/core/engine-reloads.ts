/**
 * Engines that are to let go of what they hold, on every node and thread (`sys/plugins/reload/backend`). What was asked for stands in
 * storage, so that whoever follows it does the same.
 */
import { collection, f } from '../framework/index.ts'
import type { EngineReloadPort, ReloadedOn } from '../request/inspect-ports.ts'
import type { ReadView, WriteView } from '../storage/view.ts'

export const ENGINE_RELOADS_KEY = 'core/engine-reloads'
const reload = { id: f.string(), at: f.string(), where: f.string(), mounts: f.list() }
const stored = collection(ENGINE_RELOADS_KEY, { recent: f.array(f.object(reload)) })

/** How many of the last are remembered. */
const REMEMBERED = 16

export interface EngineReloadsDeps {
  /** Names this node. */
  readonly where: string
  /** Resolves once the engine of a mount has let go. Never rejects; a mount that is not there is none. */
  released(mountUuid: string): Promise<void>
}

export class EngineReloads implements EngineReloadPort {
  readonly #deps: EngineReloadsDeps
  /** The last one that was carried out here, or that came before this core began to work. */
  #last = ''

  constructor(deps: EngineReloadsDeps) {
    this.#deps = deps
  }

  /** Before this core works: it holds nothing yet. */
  async load(view: ReadView): Promise<void> {
    this.#last = (await stored.get(view, {}))?.recent.at(-1)?.id ?? ''
  }

  /** On a core that only reads. */
  async follow(view: ReadView): Promise<void> {
    const recent = (await stored.get(view, {}))?.recent ?? []
    const missed = recent.slice(recent.findIndex(({ id }) => id === this.#last) + 1)
    this.#last = recent.at(-1)?.id ?? ''
    for (const { mounts } of missed) await this.#release(mounts)
  }

  async reload(view: WriteView, id: string, mounts: readonly string[], at: string): Promise<void> {
    const recent = (await stored.get(view, {}))?.recent ?? []
    stored.put(view, {}, { recent: [...recent, { id, at, where: this.#deps.where, mounts }].slice(-REMEMBERED) })
    view.onCommitted(() => {
      this.#last = id
      void this.#release(mounts)
    })
  }

  async status(view: ReadView, id: string): Promise<ReloadedOn | undefined> {
    return (await stored.get(view, {}))?.recent.find((one) => one.id === id)
  }

  async #release(mounts: readonly string[]): Promise<void> {
    for (const uuid of mounts) await this.#deps.released(uuid)
  }
}
