/**
 * A request that was held and that others have authorized: exactly what was asked for goes through the stages anew, on behalf of the one
 * who asked and unwraps it. His policies decide once more, as they are now.
 */
import { approvalErrors } from '../../errors/approval.ts'
import { wrappingErrors } from '../../errors/wrapping.ts'
import { uuid } from '../../lib/secure/random.ts'
import type { Approval } from '../../request/approval-ports.ts'
import type { Reply } from '../../request/reply.ts'
import type { WireReply } from '../../request/wire.ts'
import { Exchange } from '../exchange.ts'
import type { PipelineDeps } from '../deps.ts'
import { auditRequest, auditResponse } from './audit.ts'
import { authorize } from './authorize.ts'
import { govern } from './govern.ts'
import { respond } from './respond.ts'
import { assertUnlocked, route } from './route.ts'
import { run } from './run.ts'
import { wrap } from './wrap.ts'

export async function carryOut(outer: Exchange, deps: PipelineDeps): Promise<void> {
  const token = outer.reply?.carryOut
  if (token !== undefined) outer.reply = await answerOf(outer, deps, token)
}

async function answerOf(outer: Exchange, deps: PipelineDeps, token: string): Promise<Reply> {
  if (outer.approval !== undefined) throw approvalErrors.NESTED()
  const x = new Exchange(outer.wire)
  x.snapshot = await deps.store().beginRead()
  try {
    const approval = await deps.holds().approval(x.snapshot, token, outer.caller)
    prepare(x, outer, deps, approval)
    await through(x, deps, approval)
  } finally {
    x.snapshot.discard()
  }
  respond(x, deps)
  return asReply(x.wireReply)
}

function prepare(x: Exchange, outer: Exchange, deps: PipelineDeps, approval: Approval): void {
  const { held } = approval
  const namespace = deps.namespaces.byId(held.namespaceId)
  if (namespace === undefined) throw wrappingErrors.INVALID_TOKEN()
  x.request = {
    ...outer.request,
    id: uuid(),
    operation: held.operation === 'create' ? 'update' : held.operation,
    path: held.path,
    namespace,
    body: held.body,
    query: held.query,
    rawBody: held.rawBody,
    wrapTtl: held.wrapTtl,
  }
  x.isLocated = true
  x.caller = outer.caller
  x.approval = approval
}

async function through(x: Exchange, deps: PipelineDeps, { held }: Approval): Promise<void> {
  try {
    route(x, deps)
    assertUnlocked(x, deps)
    if (!x.hasRoute || x.route.mount.uuid !== held.mountUuid)
      throw approvalErrors.CHANGED({ what: 'what is mounted there has changed' })
    await authorize(x, deps)
    // What was there to be made when it was authorized must not be overwritten by that, nor the other way round.
    if (x.operation !== held.operation)
      throw approvalErrors.CHANGED({ what: `the request has become one to ${x.operation}` })
    await govern(x, deps)
    await auditRequest(x, deps)
    await run(x, deps)
    await wrap(x, deps)
    await auditResponse(x, deps)
  } catch (error) {
    await refused(x, deps, error)
  }
}

/** Its own entries say how it went; the client is told by the request that unwraps it. */
async function refused(x: Exchange, deps: PipelineDeps, error: unknown): Promise<never> {
  x.reply = undefined
  x.error = error
  if (!x.auditBegun) await auditRequest(x, deps)
  await auditResponse(x, deps)
  throw error
}

/** As it would have been sent. */
function asReply({ status, headers, body }: WireReply): Reply {
  if (body === undefined) return { status, unwrapped: true }
  const [, contentType] = headers.find(([name]) => name === 'Content-Type') ?? ['', 'application/json']
  const others = headers.filter(([name]) => name !== 'Content-Type' && name !== 'X-Vault-Index')
  return { status, raw: { contentType, body }, headers: others, unwrapped: true }
}
