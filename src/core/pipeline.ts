/**
 * The journey of a request, on one screen. A stage fills its own slot of the exchange or throws; what was thrown is audited and
 * answered like any reply. Nothing here knows a path by name: what is special about a path is a flag of its declaration.
 *
 * Stage by stage, and for which requests it runs (a whole request: everything that needs a token):
 *
 *                       whole   unauthenticated   while sealed
 *   receive               x            x               x         headers, path decoded once
 *   route                 x            x               x         mount, engine, path, operation; 503 while sealed
 *   identify              x            .               .         who: token to caller
 *   readBody              x            x               x         JSON within limits, or bytes
 *   authorize             x            .               .         what: policies; default deny
 *   auditRequest          x            x               .         before the engine runs
 *   consume               x            .               .         one use of a use-limited token
 *   run                   x            x               x         the engine, in one transaction; token and lease in the same
 *   wrap                  x            x               .
 *   auditResponse         x            x               .         before the client gets anything; on failure too
 *   respond               x            x               x
 */
import { requestErrors } from '../errors/request.ts'
import type { Awaitable } from '../lib/awaitable.ts'
import type { WireReply, WireRequest } from '../request/wire.ts'
import type { PipelineDeps } from './deps.ts'
import { Exchange } from './exchange.ts'
import { auditRequest, auditResponse } from './stages/audit.ts'
import { authorize } from './stages/authorize.ts'
import { consume } from './stages/consume.ts'
import { identify } from './stages/identify.ts'
import { readBody } from './stages/read-body.ts'
import { receive } from './stages/receive.ts'
import { respond } from './stages/respond.ts'
import { isOpen, route } from './stages/route.ts'
import { run } from './stages/run.ts'
import { wrap } from './stages/wrap.ts'

type Stage = (x: Exchange, deps: PipelineDeps) => Awaitable<void>
type Kind = 'whole' | 'unauthenticated' | 'whileSealed'

const EVERY: readonly Kind[] = ['whole', 'unauthenticated', 'whileSealed']
const AUDITED: readonly Kind[] = ['whole', 'unauthenticated']
const WHOLE: readonly Kind[] = ['whole']

const JOURNEY: readonly (readonly [Stage, readonly Kind[]])[] = [
  [route, EVERY],
  [identify, WHOLE],
  [readBody, EVERY],
  [authorize, WHOLE],
  [auditRequest, AUDITED],
  [consume, WHOLE],
  [run, EVERY],
  [wrap, AUDITED],
]

const STAGES = compile()

function compile(): Readonly<Record<Kind, readonly Stage[]>> {
  const of = (kind: Kind) =>
    JOURNEY.filter(([stage, kinds]) => stage !== route && kinds.includes(kind)).map(([stage]) => stage)
  return { whole: of('whole'), unauthenticated: of('unauthenticated'), whileSealed: of('whileSealed') }
}

export async function handle(wire: WireRequest, deps: PipelineDeps): Promise<WireReply> {
  const x = new Exchange(wire)
  try {
    await proceed(x, deps)
    await auditResponse(x, deps)
  } catch (error) {
    await refuse(x, deps, error)
  }
  x.snapshot?.discard()
  if (x.consumed && x.caller !== undefined) await finish(x, deps)
  respond(x, deps)
  return x.wireReply
}

async function proceed(x: Exchange, deps: PipelineDeps): Promise<void> {
  receive(x, deps)
  route(x, deps)
  for (const stage of STAGES[kindOf(x, deps)]) {
    if (x.wire.expired) throw requestErrors.OVERDUE()
    const waiting = stage(x, deps)
    if (waiting !== undefined) await waiting
  }
}

/** A verb that a path lacks is refused as its other verbs are served: an open path need not hide that it exists. */
function kindOf(x: Exchange, deps: PipelineDeps): Kind {
  const found = x.hasRoute ? x.route.found : undefined
  const flags = found?.operation?.flags ?? found?.path.flags
  if (isOpen(x, flags)) return 'whileSealed'
  const isOpenToAll = flags?.unauthenticated === true || flags?.login === true
  // While sealed there is nobody who could be known; once active such a path asks for a token again, unless it never does.
  if (flags?.whileSealed === true && (isOpenToAll || deps.state() !== 'active')) return 'whileSealed'
  return isOpenToAll ? 'unauthenticated' : 'whole'
}

/** The failed request's entries. Where even they can't be written, that is what the client is told, and no reply leaves. */
async function refuse(x: Exchange, deps: PipelineDeps, error: unknown): Promise<void> {
  x.reply = undefined
  x.error = error
  try {
    if (!x.auditBegun && deps.state() === 'active' && kindOf(x, deps) !== 'whileSealed') await auditRequest(x, deps)
    await auditResponse(x, deps)
  } catch (auditError) {
    x.error = auditError
  }
}

async function finish(x: Exchange, deps: PipelineDeps): Promise<void> {
  if (x.caller === undefined) return
  try {
    await deps.tokens().finished(x.caller)
  } catch (error) {
    // The token has no use left, so it is refused from now on; what remains of it is cleaned up by the expiry worker.
    deps.log.warn('a used-up token could not be revoked at once', {
      cause: error instanceof Error ? error.name : 'unknown',
    })
  }
}
