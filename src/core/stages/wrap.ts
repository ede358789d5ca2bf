import { envelope } from '../../response/envelope.ts'
import type { Exchange } from '../exchange.ts'
import type { PipelineDeps } from '../deps.ts'

/** Puts the whole reply into a single-use token's keeping, where the client or a policy asked for that. */
export async function wrap(x: Exchange, deps: PipelineDeps): Promise<void> {
  const { reply, request } = x
  const ttl = request.wrapTtl
  if (reply === undefined || ttl === undefined || reply.unwrapped === true || reply.raw !== undefined) return
  if (x.route.found?.operation?.flags.neverWrapped === true) return
  // An acknowledgement without content is not wrapped, nor is a denial.
  if (reply.data === undefined && reply.auth === undefined) return
  const { mount } = x.route
  const text = envelope(request.id, { ...reply, warnings: [...(reply.warnings ?? []), ...x.warnings] }, mount.type)
  x.reply = await deps.wrapping().wrap(reply, { request, mount, ttl, caller: x.caller, envelope: text })
}
