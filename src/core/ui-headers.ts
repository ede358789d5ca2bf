/** Headers that an operator wants on the answers below `/ui` (`sys/config/ui/headers`). Source: Vault API docs of that path. */
import { collection, f } from '../framework/index.ts'
import type { UiHeadersPort } from '../request/inspect-ports.ts'
import type { ReadView, WriteView } from '../storage/view.ts'

export const UI_HEADERS_FOLDER = 'core/ui-headers/'
const stored = collection('core/ui-headers/{name}', { values: f.list() })

type Header = readonly [name: string, value: string]
const NONE: readonly Header[] = []

export class UiHeaders implements UiHeadersPort {
  #headers: ReadonlyMap<string, readonly string[]> = new Map()
  #sent = NONE

  async load(view: ReadView): Promise<void> {
    const headers = new Map<string, readonly string[]>()
    for (const name of await stored.list(view)) {
      const record = await stored.get(view, { name })
      if (record !== undefined) headers.set(name, record.values)
    }
    this.#take(headers)
  }

  clear(): void {
    this.#take(new Map())
  }

  names(): readonly string[] {
    return [...this.#headers.keys()].toSorted()
  }

  values(name: string): readonly string[] | undefined {
    return this.#headers.get(canonical(name))
  }

  put(view: WriteView, name: string, values: readonly string[]): void {
    const shown = canonical(name)
    stored.put(view, { name: shown }, { values })
    view.onCommitted(() => this.#take(new Map([...this.#headers, [shown, values]])))
  }

  delete(view: WriteView, name: string): void {
    const shown = canonical(name)
    stored.delete(view, { name: shown })
    view.onCommitted(() => this.#take(new Map([...this.#headers].filter(([one]) => one !== shown))))
  }

  /** Those of an answer to this target; hardly any server has some, and none of its clients asks for such a path. */
  of(target: string): readonly Header[] {
    if (this.#sent === NONE) return NONE
    return target === '/' || /^\/ui(?:[/?]|$)/.test(target) ? this.#sent : NONE
  }

  #take(headers: ReadonlyMap<string, readonly string[]>): void {
    this.#headers = headers
    const sent = [...headers].flatMap(([name, values]) => values.map((value): Header => [name, value]))
    this.#sent = sent.length === 0 ? NONE : sent
  }
}

/** As Go writes it, and so as clients of Vault see it: `X-Frame-Options`, however it was given. */
function canonical(name: string): string {
  return name.toLowerCase().replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase())
}
