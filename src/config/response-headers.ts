/** `custom_response_headers { "default" = { "X-Frame-Options" = ["DENY"] } "404" = { … } }`. */
import type { Item, Value } from '../lib/hcl/index.ts'
import type { Field } from './field.ts'
import type { Findings } from './problem.ts'

/** By `default`, a class such as `2xx`, or a code: header names to values. */
export type ResponseHeaders = ReadonlyMap<string, ReadonlyMap<string, string>>

const STATUS = /^(?:default|[1-5]xx|[1-5]\d\d)$/
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const VALUE = /^[\t\u0020-\u007e]*$/

export function responseHeaders(help: string): Field<ResponseHeaders> {
  const takes = 'an object of objects of lists: { "default" = { "X-Name" = ["value"] } }'
  const read = (value: Value, findings: Findings, key: string): ResponseHeaders | undefined => {
    const out = new Map<string, Map<string, string>>()
    const values = value.kind === 'list' ? value.elements.map((element) => element.value) : [value]
    for (const one of values) {
      if (one.kind !== 'object') return findings.problem(one.at, `${key} takes ${takes}`)
      for (const item of one.items) readStatus(item, key, out, findings)
    }
    return out
  }
  return { status: 'active', takes, help, default: new Map(), defaultText: '', merge: 'last', read }
}

function readStatus(
  { keys, value }: Item,
  key: string,
  out: Map<string, Map<string, string>>,
  findings: Findings,
): void {
  const [status] = keys
  if (!STATUS.test(status.name))
    findings.problem(status.at, `${key}: "${status.name}" is no status: it takes "default", "2xx" or "200"`)
  const headers = out.get(status.name) ?? new Map<string, string>()
  const objects = value.kind === 'list' ? value.elements.map((element) => element.value) : [value]
  for (const object of objects) {
    if (object.kind === 'object') for (const item of object.items) readHeader(item, key, headers, findings)
    else findings.problem(object.at, `${key}: "${status.name}" takes an object of lists`)
  }
  out.set(status.name, headers)
}

function readHeader(
  { keys: [name], value }: Item,
  key: string,
  headers: Map<string, string>,
  findings: Findings,
): void {
  if (!NAME.test(name.name)) return void findings.problem(name.at, `${key}: "${name.name}" is no header name`)
  if (/^x-vault-/i.test(name.name))
    return void findings.problem(name.at, `${key}: names that start with X-Vault- belong to the server`)
  const parts = value.kind === 'list' ? value.elements.map((element) => element.value) : [value]
  const texts = parts.map((part) => (part.kind === 'string' && VALUE.test(part.value) ? part.value.trim() : undefined))
  if (texts.includes(undefined))
    return void findings.problem(value.at, `${key}: "${name.name}" takes a list of strings of printable ASCII`)
  headers.set(name.name, texts.filter((text) => text !== '').join('; '))
}
