/** Second factors that a policy's rule demands of a single request, shown in the header `X-Vault-MFA`. */
import { requestErrors } from '../../errors/request.ts'
import type { Exchange } from '../exchange.ts'
import type { PipelineDeps } from '../deps.ts'
import { factorsIn } from './second-factor.ts'

/** After the request was audited: whoever is asked by a telephone is asked on the record. */
export function stepUp(x: Exchange, deps: PipelineDeps): Promise<void> | undefined {
  return x.factors.length === 0 ? undefined : meet(x, deps)
}

async function meet(x: Exchange, deps: PipelineDeps): Promise<void> {
  const { caller, request, factors } = x
  if (caller === undefined) throw requestErrors.PERMISSION_DENIED()
  await deps.stepUp(caller.namespaceId).meet({
    methods: factors,
    shown: factorsIn(request.headers),
    entityId: caller.entityId,
    remoteAddress: request.remoteAddress,
    signal: request.signal(),
  })
  x.factors = []
  x.factorsMet = factors
}
