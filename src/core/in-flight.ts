/** Requests being worked on, for `sys/in-flight-req` and an orderly stop. */
import type { InFlightRequest } from '../request/system-ports.ts'
import type { WireRequest } from '../request/wire.ts'

interface Entry {
  readonly wire: WireRequest
  readonly startedAt: number
}

export class InFlight {
  readonly #entries = new Set<Entry>()
  readonly #id: () => string

  constructor(id: () => string) {
    this.#id = id
  }

  get size(): number {
    return this.#entries.size
  }

  begin(wire: WireRequest, startedAt: number): Entry {
    const entry = { wire, startedAt }
    this.#entries.add(entry)
    return entry
  }

  end(entry: Entry): void {
    this.#entries.delete(entry)
  }

  /** Ids are made only here: hardly any request is ever looked at. */
  list(): readonly InFlightRequest[] {
    return [...this.#entries].map(({ wire, startedAt }) => ({
      id: this.#id(),
      startedAt,
      remoteAddress: wire.remoteAddress.includes(':') ? `[${wire.remoteAddress}]:${wire.remotePort}` : `${wire.remoteAddress}:${wire.remotePort}`,
      path: wire.target.split('?')[0] ?? '',
      method: wire.method,
    }))
  }
}
