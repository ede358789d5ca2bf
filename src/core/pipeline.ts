/**
 * The journey of a request, on one screen. A stage fills its own slot of the exchange or throws; what was thrown is audited and
 * answered like any reply. Nothing here knows a path by name: what is special about a path is a flag of its declaration.
 *
 * Stage by stage, and for which requests it runs (a whole request: everything that needs a token):
 *
 *                       whole   unauthenticated   while sealed
 *   receive               x            x               x         headers, path decoded once
 *   catchUp               x            x               x         on cores that only read: nothing older than what was acknowledged
 *   locate                x            x               x         namespace, by header and path
 *   route                 x            x               x         mount, engine, path, operation
 *   limit                 x            x               x         rate limits, where there are any
 *   place                 x            x               x         here, or whole by a core that can; 503 while sealed
 *   identify              x            .               .         who: token to caller, of this namespace or one above
 *   placeOfCreation       x            .               .         on cores that only read: what must be made first, by the leader
 *   placeOfCount          x            .               .         on cores that only read: a client that is new this month, by the leader
 *   readBody              x            x               x         JSON within limits, or bytes
 *   authorize             x            .               .         what: policies; default deny
 *   count                 x            .               .         a client that is new this month
 *   govern                x            x               .         policy expressions, of the caller and of the path
 *   auditRequest          x            x               .         before the engine runs
 *   stepUp                x            .               .         second factors that the rule demands
 *   consume               x            .               .         one use of a use-limited token
 *   run                   x            x               x         the engine, in one transaction; token and lease in the same
 *   carryOut              x            .               .         a held request that others authorized: the stages from authorize on
 *   wrap                  x            x               .
 *   auditResponse         x            x               .         before the client gets anything; on failure too
 *   respond               x            x               x
 */
import { namespaceErrors } from '../errors/namespaces.ts'
import { requestErrors } from '../errors/request.ts'
import type { Awaitable } from '../lib/awaitable.ts'
import type { WireReply, WireRequest } from '../request/wire.ts'
import type { PipelineDeps } from './deps.ts'
import { Exchange } from './exchange.ts'
import { toCofferError } from './failure.ts'
import { auditRequest, auditResponse } from './stages/audit.ts'
import { authorize, placeOfCreation } from './stages/authorize.ts'
import { carryOut } from './stages/carry-out.ts'
import { count, placeOfCount } from './stages/count.ts'
import { consume } from './stages/consume.ts'
import { govern } from './stages/govern.ts'
import { identify } from './stages/identify.ts'
import { readBody } from './stages/read-body.ts'
import { limit } from './stages/limit.ts'
import { locate } from './stages/locate.ts'
import { receive } from './stages/receive.ts'
import { respond, withHeaders } from './stages/respond.ts'
import { stepUp } from './stages/step-up.ts'
import { catchUp, ELSEWHERE, place, type Elsewhere } from './stages/place.ts'
import { assertServing, assertUnlocked, assertUnsealed, isAnonymous, isOpen, route } from './stages/route.ts'
import { run } from './stages/run.ts'
import { wrap } from './stages/wrap.ts'

type Stage = (x: Exchange, deps: PipelineDeps) => Awaitable<Elsewhere | undefined | void>
type Kind = 'whole' | 'unauthenticated' | 'whileSealed'

const EVERY: readonly Kind[] = ['whole', 'unauthenticated', 'whileSealed']
const AUDITED: readonly Kind[] = ['whole', 'unauthenticated']
const WHOLE: readonly Kind[] = ['whole']

const JOURNEY: readonly (readonly [Stage, readonly Kind[]])[] = [
  [identify, WHOLE],
  [placeOfCreation, WHOLE],
  [placeOfCount, WHOLE],
  [readBody, EVERY],
  [authorize, WHOLE],
  [count, WHOLE],
  [govern, AUDITED],
  [auditRequest, AUDITED],
  [stepUp, WHOLE],
  [consume, WHOLE],
  [run, EVERY],
  [carryOut, WHOLE],
  [wrap, AUDITED],
]

const STAGES = compile()

function compile(): Readonly<Record<Kind, readonly Stage[]>> {
  const of = (kind: Kind) => JOURNEY.filter(([, kinds]) => kinds.includes(kind)).map(([stage]) => stage)
  return { whole: of('whole'), unauthenticated: of('unauthenticated'), whileSealed: of('whileSealed') }
}

export async function handle(wire: WireRequest, deps: PipelineDeps, uncounted = false): Promise<WireReply> {
  const x = new Exchange(wire)
  x.uncounted = uncounted
  try {
    if ((await proceed(x, deps)) === ELSEWHERE) return await elsewhere(x, deps)
    await auditResponse(x, deps)
  } catch (error) {
    await refuse(x, deps, error)
  }
  x.snapshot?.discard()
  if (x.consumed && x.caller !== undefined) await finish(x, deps)
  respond(x, deps)
  return x.wireReply
}

async function proceed(x: Exchange, deps: PipelineDeps): Promise<Elsewhere | undefined> {
  receive(x, deps)
  if (deps.reach() !== 'leader' && (await catchUp(x, deps)) === ELSEWHERE) return ELSEWHERE
  locate(x, deps)
  route(x, deps)
  const limiting = deps.rateLimits().any ? limit(x, deps) : undefined
  if (limiting !== undefined && (await limiting) === ELSEWHERE) return ELSEWHERE
  if (deps.reach() !== 'leader' && place(x, deps) === ELSEWHERE) return ELSEWHERE
  assertServing(x, deps)
  assertUnsealed(x, deps)
  assertUnlocked(x, deps)
  for (const stage of STAGES[kindOf(x, deps)]) {
    if (x.wire.expired) throw requestErrors.OVERDUE()
    const waiting = stage(x, deps)
    if (waiting !== undefined && (await waiting) === ELSEWHERE) return ELSEWHERE
  }
  return undefined
}

/** Without a body, which would be read by now. */
const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'LIST', 'SCAN'])
const NO_LEADER = requestErrors.NO_LEADER().code

/** The core that carries it out audits it, too. Without a leader what only reads is answered here, and its client counted another time. */
async function elsewhere(x: Exchange, deps: PipelineDeps): Promise<WireReply> {
  x.snapshot?.discard()
  x.snapshot = undefined
  try {
    // Known to be for another core before it was known what it is: a body that may be of any size must not be read as a whole here.
    locate(x, deps)
    if (!x.hasRoute) route(x, deps)
    const streamed = x.hasRoute && x.route.found?.operation?.flags.streamedBody === true
    return withHeaders(await deps.elsewhere(x.wire, streamed), x.headers)
  } catch (error) {
    if (x.onlyToCount && READS.has(x.wire.method) && toCofferError(error).code === NO_LEADER) {
      deps.clients.pause()
      return handle(x.wire, deps, true)
    }
    x.error = error
    respond(x, deps)
    return x.wireReply
  }
}

/** A verb that a path lacks is refused as its other verbs are served: an open path need not hide that it exists. */
function kindOf(x: Exchange, deps: PipelineDeps): Kind {
  const found = x.hasRoute ? x.route.found : undefined
  const flags = found?.operation?.flags ?? found?.path.flags
  if (isOpen(x, flags)) return 'whileSealed'
  const isOpenToAll = flags?.unauthenticated === true || flags?.login === true || isAnonymous(x, flags)
  // While sealed there is nobody who could be known; once active such a path asks for a token again, unless it never does.
  if (flags?.whileSealed === true && (isOpenToAll || !deps.reads())) return 'whileSealed'
  return isOpenToAll ? 'unauthenticated' : 'whole'
}

/** The failed request's entries. Where even they can't be written, that is what the client is told, and no reply leaves. */
async function refuse(x: Exchange, deps: PipelineDeps, error: unknown): Promise<void> {
  x.reply = undefined
  x.error = isSealedMeanwhile(x, deps) ? namespaceErrors.SEALED(undefined, { cause: error }) : error
  try {
    if (!x.auditBegun && deps.reads() && kindOf(x, deps) !== 'whileSealed') await auditRequest(x, deps)
    await auditResponse(x, deps)
  } catch (auditError) {
    x.error = auditError
  }
}

/** Its token, policies and mounts may have been gone before it came to ask for them: none of that is what is wrong with it. */
function isSealedMeanwhile(x: Exchange, deps: PipelineDeps): boolean {
  return x.isLocated && deps.namespaces.isSealed(x.request.namespace)
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
