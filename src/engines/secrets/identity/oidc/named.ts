import type { Collection, ReadView, WriteView } from '#framework'

/** What is stored by a name. */
export interface Named<V> {
  get(view: ReadView, name: string): Promise<V | undefined>
  has(view: ReadView, name: string): Promise<boolean>
  list(view: ReadView): Promise<readonly string[]>
  /** Each with its name, in the order of the names. */
  entries(view: ReadView): AsyncGenerator<readonly [string, V]>
  put(view: WriteView, name: string, value: V): void
  delete(view: WriteView, name: string): void
}

/** @param builtIn the one that every vault has, also while nothing of it is stored. */
export function named<V>(
  stored: Collection<'{name}', V>,
  builtIn?: { readonly name: string; readonly value: V },
): Named<V> {
  const get = async (view: ReadView, name: string) =>
    (await stored.get(view, { name })) ?? (name === builtIn?.name ? builtIn.value : undefined)
  const list = async (view: ReadView) => {
    const names = await stored.list(view)
    return builtIn === undefined || names.includes(builtIn.name) ? names : [...names, builtIn.name].toSorted()
  }
  return {
    get,
    has: async (view, name) => name === builtIn?.name || stored.has(view, { name }),
    list,
    async *entries(view) {
      for (const name of await list(view)) {
        const value = await get(view, name)
        if (value !== undefined) yield [name, value]
      }
    },
    put: (view, name, value) => stored.put(view, { name }, value),
    delete: (view, name) => stored.delete(view, { name }),
  }
}
