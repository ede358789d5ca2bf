import { requestErrors } from '../../errors/request.ts'
import type { Exchange } from '../exchange.ts'
import type { PipelineDeps } from '../deps.ts'

/** Takes one use of a use-limited token before anything is revealed. */
export async function consume(x: Exchange, deps: PipelineDeps): Promise<void> {
  const { caller } = x
  if (caller === undefined || caller.numUses === 0) return
  // A wrapping token is spent by the path itself, together with what it keeps.
  const spends = x.hasRoute && x.route.found?.operation?.flags.wrappingToken === true
  if (spends && caller.policies.length === 1 && caller.policies[0] === 'response-wrapping') return
  if (!(await deps.tokens().consume(caller))) throw requestErrors.MISSING_TOKEN()
  x.consumed = true
}
