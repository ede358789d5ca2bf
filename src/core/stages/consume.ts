import { requestErrors } from '../../errors/request.ts'
import type { Exchange } from '../exchange.ts'
import type { PipelineDeps } from '../deps.ts'

/** Of tokens that wrap a reply, or a request that a control group holds. */
const SPENT_BY_PATH: ReadonlySet<string> = new Set(['response-wrapping', 'control-group'])

/** Takes one use of a use-limited token before anything is revealed. */
export async function consume(x: Exchange, deps: PipelineDeps): Promise<void> {
  const { caller } = x
  if (caller === undefined || caller.numUses === 0) return
  // A wrapping token is spent by the path itself, together with what it keeps.
  const spends = x.hasRoute && x.route.found?.operation?.flags.wrappingToken === true
  if (spends && caller.policies.length === 1 && SPENT_BY_PATH.has(caller.policies[0] ?? '')) return
  if (!(await deps.tokens().consume(caller))) throw requestErrors.MISSING_TOKEN()
  x.consumed = true
}
