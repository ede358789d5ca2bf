/** Replies in the protocol's own form instead of Vault's envelope. */
import { f, replySchema, stringify, type JsonOut, type Reply } from '#framework'

type Headers = NonNullable<Reply['headers']>

export function jsonReply(status: number, members: JsonOut, headers: Headers = []): Reply {
  return { status, raw: { contentType: 'application/json', body: stringify(members) }, headers }
}

/** How long a client may keep what it read, seconds. */
export function maxAge(seconds: number): Headers {
  return [['Cache-Control', `max-age=${seconds}`]]
}

/** RFC 6749, 5.2; OpenID Connect Core 3.1.2.6 and 5.3.3. */
export function errorReply(
  status: number,
  error: string,
  description: string,
  more: Readonly<Record<string, JsonOut>> = {},
  headers: Headers = [],
): Reply {
  return jsonReply(status, { error, error_description: description, ...more }, headers)
}

export const errorSchema = replySchema(
  'What is wrong with the request.',
  {
    error: f.string('Code of the error, as the protocol has it.'),
    error_description: f.string('A sentence about it.'),
  },
  { contentType: 'application/json' },
)

export const keysSchema = replySchema('Names.', { keys: f.list('In byte order.') })

export const infoSchema = replySchema('Names, and what each of them stands for.', {
  keys: f.list('In byte order.'),
  key_info: f.map('By name.'),
})

export const jwksSchema = replySchema(
  'A JSON Web Key Set (RFC 7517).',
  { keys: f.array(f.map(), 'The public keys.') },
  { contentType: 'application/json' },
)
