/**
 * Typed records in an engine's storage. A collection names its keys by a template and its values by fields or by a codec; nothing
 * else in an engine spells a storage key.
 */
import type { Page, ReadView, WriteView } from '../storage/view.ts'
import { fieldsCodec, jsonCodec, type RecordCodec } from './codec.ts'
import type { Fields, Infer } from './field.ts'
import { parseTemplate, type ParamNames } from './template.ts'
import type { RawJson } from '../lib/json/index.ts'

type KeyValues<T extends string> = { readonly [K in ParamNames<T>]: string | number }

export interface Collection<T extends string, V> {
  get(view: ReadView, key: KeyValues<T>): Promise<V | undefined>
  put(view: WriteView, key: KeyValues<T>, value: V): void
  delete(view: WriteView, key: KeyValues<T>): void
  /** Names directly below the collection's folder, or below `below` in it (empty, or ends with `/`). */
  list(view: ReadView, below?: string, page?: Page): Promise<string[]>
  /** Every name below, however deep, without the folder. `page.after` is such a name. */
  scan(view: ReadView, below?: string, page?: Page): Promise<string[]>
  /** Whether the entry is there, without decoding it. */
  has(view: ReadView, key: KeyValues<T>): Promise<boolean>
  /** The storage key, for caches that watch it. */
  key(key: KeyValues<T>): string
  encode(value: V): Uint8Array
  decode(bytes: Uint8Array): V
}

/** Records of typed fields. */
export function collection<const T extends string, const F extends Fields>(
  template: T,
  fields: F,
): Collection<T, Infer<F>> {
  return collectionOf(template, fieldsCodec(fields))
}

/** Opaque JSON, kept as its text: secrets. */
export function documents<const T extends string>(template: T): Collection<T, RawJson> {
  return collectionOf(template, jsonCodec)
}

/** Records with a codec of their own. */
export function collectionOf<const T extends string, V>(template: T, codec: RecordCodec<V>): Collection<T, V> {
  const segments = parseTemplate(template)
  const folder = folderOf(template)
  const keyOf = (values: Readonly<Record<string, string | number>>): string =>
    segments.map((s) => (s.kind === 'literal' ? s.name : String(values[s.name] ?? ''))).join('/')

  return Object.freeze({
    key: keyOf,
    encode: (value: V) => codec.encode(value),
    decode: (bytes: Uint8Array) => codec.decode(bytes),
    get: async (view: ReadView, key: KeyValues<T>) => {
      const bytes = await view.get(keyOf(key))
      return bytes === undefined ? undefined : codec.decode(bytes)
    },
    has: async (view: ReadView, key: KeyValues<T>) => (await view.get(keyOf(key))) !== undefined,
    put: (view: WriteView, key: KeyValues<T>, value: V) => view.put(keyOf(key), codec.encode(value)),
    delete: (view: WriteView, key: KeyValues<T>) => view.delete(keyOf(key)),
    list: async (view: ReadView, below = '', page: Page = {}) => view.list(folder + below, page),
    scan: async (view: ReadView, below = '', page: Page = {}) => {
      const prefix = folder + below
      const keys = await view.keys(prefix, page.after === undefined ? page : { ...page, after: prefix + page.after })
      return keys.map((key) => key.slice(prefix.length))
    },
  })
}

/** Everything before the first parameter: `meta/{path+}` lists below `meta/`. */
function folderOf(template: string): string {
  const at = template.indexOf('{')
  return at === -1 ? template.slice(0, template.lastIndexOf('/') + 1) : template.slice(0, at)
}
