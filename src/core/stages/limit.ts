/**
 * HOW OFTEN: rate limits, before anything is done for the request. Its body is not read for it, nor its token looked up, unless a limit is
 * for the role or the entity that they name.
 */
import { quotaErrors } from '../../errors/quotas.ts'
import type { RoleOf } from '../../framework/path.ts'
import type { Call } from '../../framework/context.ts'
import type { Awaitable } from '../../lib/awaitable.ts'
import type { RateLimit } from '../../request/quota-ports.ts'
import { callOf } from '../call.ts'
import type { PipelineDeps } from '../deps.ts'
import type { Exchange } from '../exchange.ts'
import { ELSEWHERE, type Elsewhere } from './place.ts'
import { readBodyWithin } from './read-body.ts'

/** Bytes that a log-in takes where a limit is for the role that stands in them; a log-in has a few hundred. */
const SMALL = 65_536

export function limit(x: Exchange, deps: PipelineDeps): Awaitable<Elsewhere | undefined> {
  // Another thread, or another node, has counted it.
  if (x.wire.limited === true) return undefined
  const route = x.hasRoute ? x.route : undefined
  const role = route?.found?.operation?.role
  if (route !== undefined && role !== undefined && deps.rateLimits().byRole(route.mount)) return byRole(x, deps, role)
  return measure(x, deps, undefined)
}

async function byRole(x: Exchange, deps: PipelineDeps, role: RoleOf<Call>): Promise<Elsewhere | undefined> {
  // It is to be read once, and by the core that carries it out.
  if (role.inBody === true && deps.reach() !== 'leader') return ELSEWHERE
  let unreadable: unknown
  if (role.inBody === true) {
    try {
      await readSmallBody(x)
    } catch (error) {
      unreadable = error
    }
  }
  await measure(x, deps, unreadable === undefined ? await roleIn(x, deps, role) : undefined)
  if (unreadable !== undefined) throw unreadable
  return undefined
}

/** What is wrong with the input is told when it is carried out. */
async function roleIn(x: Exchange, deps: PipelineDeps, role: RoleOf<Call>): Promise<string | undefined> {
  try {
    return await role.of(await callOf(x, deps, 'read'))
  } catch {
    return undefined
  }
}

async function readSmallBody(x: Exchange): Promise<void> {
  const [length = '0'] = x.wire.headers.get('content-length') ?? []
  if (Number(length) > SMALL) throw quotaErrors.ROLE_BODY({ max: SMALL })
  await readBodyWithin(x, SMALL)
}

function measure(x: Exchange, deps: PipelineDeps, role: string | undefined): Awaitable<undefined> {
  const route = x.hasRoute ? x.route : undefined
  const { namespace, path } = x.request
  const found = deps.rateLimits().find({ namespace, path, mount: route?.mount, rest: route?.rest ?? '', role })
  if (found?.byEntity === true) return measureCaller(x, deps, found)
  if (found === undefined) x.wire.limited = true
  else take(x, deps, found, '')
  return undefined
}

async function measureCaller(x: Exchange, deps: PipelineDeps, found: RateLimit): Promise<undefined> {
  const flags = x.hasRoute ? x.route.found?.operation?.flags : undefined
  const { clientToken } = x.request
  const isOpen = clientToken === undefined || flags?.unauthenticated === true || flags?.login === true
  x.snapshot ??= await deps.openSnapshot()
  const caller = isOpen ? undefined : await deps.tokens().lookup(clientToken, x.snapshot)
  take(x, deps, found, caller?.entityId ?? '')
}

function take(x: Exchange, deps: PipelineDeps, found: RateLimit, entityId: string): void {
  const { allowed, headers } = found.take(x.request.remoteAddress, entityId)
  x.wire.limited = true
  x.headers = headers
  if (allowed) return
  x.isUnaudited = !deps.rateLimits().audited
  throw quotaErrors.RATE({ path: x.request.path })
}
