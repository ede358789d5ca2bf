import { readTree, itemsOf, member, plainText } from '../tree.ts'
import type { JsonTree } from '../tree.ts'
import { ResponseError } from './response-error.ts'
import { saysSomething, secretOf } from './secret.ts'
import type { WireReply, WireRequest } from './transport.ts'

/** Gives a good reply back; throws `ResponseError` for any other. */
export function readReply(reply: WireReply, wire: WireRequest): WireReply {
  if (reply.status >= 200 && reply.status < 400) return reply
  // 429 is how a standby reports its health.
  if (reply.status === 429 && new URL(wire.url).pathname.endsWith('/v1/sys/health')) return reply
  const root = jsonOf(reply.body)
  const namespace = reply.headers['x-vault-namespace']
  const secret = root === undefined ? undefined : secretOf(root)
  throw new ResponseError({
    method: wire.method,
    url: wire.url,
    status: reply.status,
    namespace: typeof namespace === 'string' ? namespace : '',
    errors: root?.kind === 'object' ? (itemsOf(member(root, 'errors')) ?? []).map(plainText) : undefined,
    body: reply.body,
    secret: reply.status === 404 && secret !== undefined && saysSomething(secret) ? secret : undefined,
  })
}

function jsonOf(body: string): JsonTree | undefined {
  try {
    return body.trim() === '' ? undefined : readTree(body)
  } catch {
    return undefined
  }
}
