/**
 * Where a request is carried out. A core that only reads answers what only reads; the rest goes, whole, to one that can do it, before
 * anything was audited or changed here.
 */
import { requestErrors } from '../../errors/request.ts'
import type { Place } from '../../framework/path.ts'
import type { Exchange } from '../exchange.ts'
import type { PipelineDeps } from '../deps.ts'
import { decodeIndex } from '../state-index.ts'
import { header } from './receive.ts'

/** What a stage answers for a request that another core has to carry out. */
export const ELSEWHERE = Symbol('elsewhere')
export type Elsewhere = typeof ELSEWHERE

const RANK: Readonly<Record<Place, number>> = { anywhere: 0, node: 1, leader: 2 }

/** How long a node waits for the commit that a client demands to see, ms. */
const PATIENCE = 500

/**
 * Before the routing, on a core that reads: takes the snapshot from which everything is decided, so that nothing is older than what was
 * acknowledged to anybody before the request came.
 */
export async function catchUp(x: Exchange, deps: PipelineDeps): Promise<Elsewhere | undefined> {
  if (!deps.reads()) return deps.reach() === 'anywhere' ? ELSEWHERE : undefined
  const floor = deps.floor()
  if (floor > deps.store().driver.sequence && !(await deps.store().driver.reach(floor, PATIENCE))) return ELSEWHERE
  // The leader has every state.
  const demanded = isAskedOfLeader(x) ? undefined : await unmetIndex(x, deps)
  if (demanded !== undefined) {
    if (header(x.wire, 'x-vault-inconsistent') === 'forward-active-node') return ELSEWHERE
    throw requestErrors.INDEX_NOT_REACHED()
  }
  // While this waited, the node may have come between two roles, or been found to be cut off for too long.
  if (!deps.reads()) return deps.reach() === 'anywhere' ? ELSEWHERE : undefined
  x.snapshot = await deps.openSnapshot()
  return undefined
}

/** After the routing. */
export function place(x: Exchange, deps: PipelineDeps): Elsewhere | undefined {
  const operation = x.hasRoute ? x.route.found?.operation : undefined
  const needs = operation?.place ?? 'anywhere'
  // Between two roles a node knows nothing but itself, and who came then has not been brought up to date: he is not answered from here
  // even if the next role has begun meanwhile.
  if (x.snapshot === undefined) return deps.state() === 'standby' && needs !== 'node' ? ELSEWHERE : undefined
  if (RANK[needs] > RANK[deps.reach()] || isAskedOfLeader(x)) return ELSEWHERE
  // Here its keys are not, or not yet; where they ought to be it is known whether it is sealed.
  if (deps.namespaces.isSealed(x.request.namespace)) return ELSEWHERE
  // A wrapped reply is stored.
  return x.request.wrapTtl !== undefined && needs !== 'node' && operation?.flags.neverWrapped !== true
    ? ELSEWHERE
    : undefined
}

/** `X-Vault-Forward: active-node`. */
function isAskedOfLeader({ wire }: Exchange): boolean {
  return header(wire, 'x-vault-forward') === 'active-node'
}

/** The commit that the client demands to see and that is not here yet. */
async function unmetIndex(x: Exchange, deps: PipelineDeps): Promise<number | undefined> {
  const text = header(x.wire, 'x-vault-index')
  if (text === undefined || text === '') return undefined
  const sequence = decodeIndex(text)
  if (sequence === undefined)
    throw requestErrors.BAD_HEADER({ name: 'X-Vault-Index', takes: 'what a reply had in this header' })
  return (await deps.store().driver.reach(sequence, PATIENCE)) ? undefined : sequence
}
