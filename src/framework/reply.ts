/** Replies and their published schemas. */
import { requestErrors } from '../errors/request.ts'
import type { AuthGrant, Data, LeaseGrant, Reply } from '../request/reply.ts'
import type { JsonOut } from '../lib/json/index.ts'
import type { Field, Fields, Infer } from './field.ts'

/** The shape of a reply's `data`. */
export interface ReplySchema<F extends Fields = Fields> {
  readonly description: string
  readonly fields: F
  /** Where the names are data: what each of the further members is. */
  readonly members?: Field<unknown>
  /** The reply's body is not Vault's envelope. */
  readonly contentType?: string
}

/** Values of a reply: what the schema's fields say, each of them optional as Vault leaves out what is unset. */
export type ReplyData<F extends Fields> = {
  readonly [K in keyof F]?: Infer<F>[K] extends JsonOut | undefined ? Infer<F>[K] | null : JsonOut
}

export function replySchema<const F extends Fields>(
  description: string,
  fields: F,
  more: Pick<ReplySchema, 'members' | 'contentType'> = {},
): ReplySchema<F> {
  return { description, fields, ...more }
}

/** 204, or an acknowledgement without data. */
export const none: ReplySchema<Record<never, never>> = { description: 'Done; there is nothing to say.', fields: {} }

export function ok<F extends Fields>(
  _schema: ReplySchema<F>,
  data: ReplyData<F>,
  more: Omit<Reply, 'data'> = {},
): Reply {
  return { ...more, data: data as Data }
}

/** A reply whose data is built at run time (names as keys, opaque secrets). */
export function okData(data: Data, more: Omit<Reply, 'data'> = {}): Reply {
  return { ...more, data }
}

export function done(more: Omit<Reply, 'data'> = {}): Reply {
  return { status: 204, ...more }
}

/** Vault's answer to a list without keys: 404. */
export function listing(keys: readonly string[], more: { readonly [name: string]: JsonOut } = {}): Reply {
  return keys.length === 0 ? absent() : { data: { keys, ...more } }
}

/** 404 with `{"errors":[]}`. */
export function absent(): never {
  throw requestErrors.NOT_FOUND()
}

export function badRequest(reason: string): never {
  throw requestErrors.BAD_REQUEST({ reason })
}

export function grant(auth: AuthGrant, more: Omit<Reply, 'grant'> = {}): Reply {
  return { ...more, grant: auth }
}

export function leased(lease: LeaseGrant, data: Data, more: Omit<Reply, 'data' | 'lease'> = {}): Reply {
  return { ...more, data, lease }
}
