/** The vault's own identity, made when it is initialised: shown by health and seal status, checked by snapshots. */
import { collection, f } from '../framework/index.ts'
import { uuid } from '../lib/secure/random.ts'
import type { ReadView, WriteView } from '../storage/view.ts'

const records = collection('core/cluster', { name: f.string(), id: f.string() })

export class Cluster {
  #known: { readonly name: string; readonly id: string } | undefined

  /** `name` from the configuration, or one of its own making. */
  bootstrap(view: WriteView, name: string | undefined): void {
    const id = uuid()
    records.put(view, {}, { name: name === undefined || name === '' ? `coffer-cluster-${id.slice(0, 8)}` : name, id })
  }

  async load(view: ReadView): Promise<void> {
    this.#known = await records.get(view, {})
  }

  get(): { readonly name: string; readonly id: string } | undefined {
    return this.#known
  }
}
