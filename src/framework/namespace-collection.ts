/** Records that are kept by their namespace's id, in the home of that namespace where it has one. */
import { homeOf, homeView } from '../request/namespace-home.ts'
import { collection, type Collection } from './collection.ts'
import type { Fields, Infer } from './field.ts'

/** As a collection; what is listed is below a namespace's id. */
export function namespaceCollection<const T extends `${string}/{namespace}/${string}`, const F extends Fields>(
  template: T,
  fields: F,
): Collection<T, Infer<F>> {
  const inner = collection(template, fields)
  const idOf = (key: Readonly<Record<string, string | number>>): string => String(key['namespace'] ?? '')
  const idIn = (below: string): string => below.slice(0, below.indexOf('/'))
  return Object.freeze<Collection<T, Infer<F>>>({
    ...inner,
    get: (view, key) => inner.get(homeView(view, idOf(key)), key),
    has: (view, key) => inner.has(homeView(view, idOf(key)), key),
    put: (view, key, value) => inner.put(homeView(view, idOf(key)), key, value),
    delete: (view, key) => inner.delete(homeView(view, idOf(key)), key),
    list: (view, below = '', page = {}) => inner.list(homeView(view, idIn(below)), below, page),
    scan: (view, below = '', page = {}) => inner.scan(homeView(view, idIn(below)), below, page),
    key: (key) => homeOf(idOf(key)) + inner.key(key),
  })
}
