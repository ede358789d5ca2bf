/** Records that are kept by their namespace's id, in the home of that namespace where it has one. */
import { homeOf, homeView } from '../request/namespace-home.ts'
import { collection, type Collection } from './collection.ts'
import type { Fields, Infer } from './field.ts'

type Template = `${string}/{namespace}/{name}`

/** As a collection; what is listed is below a namespace's id. */
export function namespaceCollection<const F extends Fields>(
  template: Template,
  fields: F,
): Collection<Template, Infer<F>> {
  const inner = collection<Template, F>(template, fields)
  const idIn = (below: string): string => below.slice(0, below.indexOf('/'))
  return Object.freeze<Collection<Template, Infer<F>>>({
    ...inner,
    get: (view, key) => inner.get(homeView(view, String(key.namespace)), key),
    has: (view, key) => inner.has(homeView(view, String(key.namespace)), key),
    put: (view, key, value) => inner.put(homeView(view, String(key.namespace)), key, value),
    delete: (view, key) => inner.delete(homeView(view, String(key.namespace)), key),
    list: (view, below = '', page = {}) => inner.list(homeView(view, idIn(below)), below, page),
    scan: (view, below = '', page = {}) => inner.scan(homeView(view, idIn(below)), below, page),
    key: (key) => homeOf(String(key.namespace)) + inner.key(key),
  })
}
