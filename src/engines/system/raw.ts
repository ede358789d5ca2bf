/** Replies of the older endpoints, whose JSON is not in Vault's envelope. */
import { stringify, type Fields, type JsonOut, type Reply, type ReplySchema } from '#framework'

const JSON_TYPE = 'application/json'

export function rawSchema<const F extends Fields>(
  description: string,
  fields: F,
  more: Pick<ReplySchema, 'members'> = {},
): ReplySchema<F> {
  return { description, fields, ...more, contentType: JSON_TYPE }
}

/** A status that HTTP sends without a body (204, 304) gets none: probes ask for such. */
export function rawJson(value: JsonOut, status = 200): Reply {
  const body = status === 204 || status === 304 ? '' : `${stringify(value)}\n`
  return { status, raw: { contentType: JSON_TYPE, body } }
}

/** For the members of a record that are set. */
export function defined<T extends object>(record: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  // Object.entries forgets the names' types; the filter makes true what the type says.
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
