import { requestErrors } from '../../errors/request.ts'
import type { Exchange } from '../exchange.ts'
import type { PipelineDeps } from '../deps.ts'

/** Finds engine, path and operation. What is absent is told only after the caller is known: it must not show which mounts exist. */
export function route(x: Exchange, deps: PipelineDeps): void {
  const found = deps.router().route(x.request)
  const flags = found?.found?.operation?.flags
  const state = deps.state()
  if (state !== 'active' && flags?.whileSealed !== true) {
    throw state === 'sealed' ? requestErrors.SEALED() : state === 'standby' ? requestErrors.STANDBY() : requestErrors.SEALED()
  }
  if (found !== undefined) x.route = found
}
