import { requestErrors } from '../../errors/request.ts'
import type { Exchange } from '../exchange.ts'
import type { PipelineDeps } from '../deps.ts'

/** Takes one use of a use-limited token before anything is revealed. */
export async function consume(x: Exchange, deps: PipelineDeps): Promise<void> {
  const { caller } = x
  if (caller === undefined || caller.numUses === 0) return
  if (x.hasRoute && x.route.found?.operation?.flags.wrappingToken === true) return
  if (!(await deps.tokens().consume(caller))) throw requestErrors.MISSING_TOKEN()
  x.consumed = true
}
