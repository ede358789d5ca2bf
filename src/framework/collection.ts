/**
 * Typed records in an engine's storage. A collection names its keys by a template and its values by fields; nothing else in an
 * engine spells a storage key. A field of JSON (`f.json`, `f.map`) keeps its source text.
 */
import { membersOf as rawMembers, RawJson, stringify, type JsonOut, type JsonValue } from '../lib/json/index.ts'
import type { Page, ReadView, WriteView } from '../storage/view.ts'
import { parseFields, type Fields, type Infer, type Input } from './field.ts'
import { parseTemplate, type ParamNames } from './template.ts'

type KeyValues<T extends string> = { readonly [K in ParamNames<T>]: string | number }

export interface Collection<T extends string, F extends Fields> {
  get(view: ReadView, key: KeyValues<T>): Promise<Infer<F> | undefined>
  put(view: WriteView, key: KeyValues<T>, value: Infer<F>): void
  delete(view: WriteView, key: KeyValues<T>): void
  /** Names directly below the collection's folder, or below `folder` in it (empty, or ends with `/`). */
  list(view: ReadView, folder?: string, page?: Page): Promise<string[]>
  /** The storage key, for caches that watch it. */
  key(key: KeyValues<T>): string
  encode(value: Infer<F>): Uint8Array
  decode(bytes: Uint8Array): Infer<F>
}

const utf8 = new TextDecoder()

export function collection<const T extends string, const F extends Fields>(template: T, fields: F): Collection<T, F> {
  const segments = parseTemplate(template)
  const folder = folderOf(template)
  const keyOf = (values: Readonly<Record<string, string | number>>): string =>
    segments.map((s) => (s.kind === 'literal' ? s.name : String(values[s.name] ?? ''))).join('/')

  const encode = (value: Infer<F>): Uint8Array => Buffer.from(stringify(withoutUndefined(value)))
  const decode = (bytes: Uint8Array): Infer<F> => parseFields(fields, rawMembers(new RawJson(utf8.decode(bytes))) ?? new Map())

  return Object.freeze({
    key: keyOf,
    encode,
    decode,
    get: async (view: ReadView, key: KeyValues<T>) => {
      const bytes = await view.get(keyOf(key))
      return bytes === undefined ? undefined : decode(bytes)
    },
    put: (view: WriteView, key: KeyValues<T>, value: Infer<F>) => view.put(keyOf(key), encode(value)),
    delete: (view: WriteView, key: KeyValues<T>) => view.delete(keyOf(key)),
    list: async (view: ReadView, below = '', page: Page = {}) => view.list(folder + below, page),
  })
}

/** Everything before the first parameter: `meta/{path+}` lists below `meta/`. */
function folderOf(template: string): string {
  const at = template.indexOf('{')
  return at === -1 ? template.slice(0, template.lastIndexOf('/') + 1) : template.slice(0, at)
}

function withoutUndefined(value: object): ReadonlyMap<string, JsonOut> {
  const out = new Map<string, JsonOut>()
  for (const [name, item] of Object.entries(value)) if (item !== undefined) out.set(name, item)
  return out
}

/** A JSON object's members as inputs of fields. */
export function membersOf(value: JsonValue): ReadonlyMap<string, Input> {
  return rawMembers(new RawJson(JSON.stringify(value))) ?? new Map()
}
