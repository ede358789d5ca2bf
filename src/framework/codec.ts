/** How a record becomes bytes of an entry and back. */
import { membersOf, RawJson, stringify, type JsonOut } from '../lib/json/index.ts'
import { parseFields, type Fields, type Infer } from './field.ts'

export interface RecordCodec<T> {
  encode(record: T): Uint8Array
  /** Entries are authenticated, so what comes in was written by `encode`, perhaps of an older version of this program. */
  decode(bytes: Uint8Array): T
}

/** The record's fields as one JSON object; one of JSON (`f.json`, `f.map`) keeps its source text. */
export function fieldsCodec<const F extends Fields>(fields: F): RecordCodec<Infer<F>> {
  return Object.freeze({
    encode: (record: Infer<F>) => toUtf8(stringify(withoutUndefined(record))),
    decode: (bytes: Uint8Array) => parseFields(fields, membersOf(new RawJson(fromUtf8(bytes))) ?? new Map()),
  })
}

/** One piece of JSON, stored and given back as the text that came in: nothing of it is parsed. */
export const jsonCodec: RecordCodec<RawJson> = Object.freeze({
  encode: (json: RawJson) => toUtf8(json.text),
  decode: (bytes: Uint8Array) => new RawJson(fromUtf8(bytes)),
})

export function toUtf8(text: string): Uint8Array {
  return Buffer.from(text)
}

export function fromUtf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
}

function withoutUndefined(record: object): ReadonlyMap<string, JsonOut> {
  const out = new Map<string, JsonOut>()
  for (const [name, item] of Object.entries(record)) if (item !== undefined) out.set(name, item)
  return out
}
