/** Clients are counted by the leader, and by the request that shows one: on a core that only reads the first of a month is handed on. */
import type { Exchange } from '../exchange.ts'
import type { PipelineDeps } from '../deps.ts'
import { ELSEWHERE, type Elsewhere } from './place.ts'

/** Before the body is read: a request that is handed on goes whole. */
export function placeOfCount(x: Exchange, deps: PipelineDeps): Promise<Elsewhere | undefined> | undefined {
  const { caller, request } = x
  if (caller === undefined || deps.clients.isSettled(caller, request.receivedAt) || deps.reach() === 'leader')
    return undefined
  // It is meant for this node, whoever asks.
  if (x.uncounted || x.definition?.place === 'node') return undefined
  return isNew(x, deps)
}

async function isNew(x: Exchange, deps: PipelineDeps): Promise<Elsewhere | undefined> {
  const { caller, request } = x
  x.snapshot ??= await deps.store().beginRead()
  if (caller === undefined || !(await deps.clients.isNew(caller, request.receivedAt, x.snapshot))) return undefined
  x.onlyToCount = true
  return ELSEWHERE
}

/** After the request was allowed. */
export function count(x: Exchange, deps: PipelineDeps): void {
  const { caller, request } = x
  if (caller === undefined || deps.clients.isSettled(caller, request.receivedAt) || deps.reach() !== 'leader') return
  deps.clients.count(caller, request.receivedAt)
}
