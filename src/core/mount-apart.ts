/** Transactions over one mount's storage, for what an engine does beside the request's own transaction. */
import type { Apart } from '../framework/context.ts'
import type { Awaitable } from '../lib/awaitable.ts'
import type { Emit, EventSink } from '../request/event-ports.ts'
import type { Mount } from '../request/mount.ts'
import type { Store } from '../storage/store.ts'
import type { ReadView, WriteView } from '../storage/view.ts'

export interface MountApartDeps {
  store(): Store
  /** Throws where the mount went. */
  assertHeld(view: ReadView, mount: Mount): Promise<void>
  events(): EventSink
}

export class MountApart implements Apart {
  readonly #deps: MountApartDeps
  readonly #mount: Mount
  readonly #prefix: string

  /** @param prefix of the mount's storage; empty for the engines that see all of it. */
  constructor(deps: MountApartDeps, mount: Mount, prefix: string) {
    this.#deps = deps
    this.#mount = mount
    this.#prefix = prefix
  }

  read<T>(fn: (view: ReadView) => Awaitable<T>): Promise<T> {
    return this.#deps.store().read((view) => fn(this.#prefix === '' ? view : view.sub(this.#prefix)))
  }

  write<T>(fn: (view: WriteView, emit: Emit) => Awaitable<T>): Promise<T> {
    return this.#deps.store().write(async (view) => {
      await this.#deps.assertHeld(view, this.#mount)
      const emit: Emit = (event) => this.#deps.events().emit(view, this.#mount, event)
      return fn(this.#prefix === '' ? view : view.sub(this.#prefix), emit)
    })
  }
}
