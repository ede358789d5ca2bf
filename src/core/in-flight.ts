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
      remoteAddress: clientAddress(wire),
      path: pathOf(wire),
      method: wire.method,
    }))
  }
}

export function clientAddress({ remoteAddress, remotePort }: WireRequest): string {
  return remoteAddress.includes(':') ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`
}

/** As sent, without the query, which may hold what is secret. */
export function pathOf({ target }: WireRequest): string {
  return target.split('?')[0] ?? ''
}
