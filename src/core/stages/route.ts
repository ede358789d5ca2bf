import type { PathFlags } from '../../framework/path.ts'
import { requestErrors } from '../../errors/request.ts'
import type { Exchange } from '../exchange.ts'
import type { PipelineDeps } from '../deps.ts'

/** Finds engine, path and operation. What is absent is told only after the caller is known: it must not show which mounts exist. */
export function route(x: Exchange, deps: PipelineDeps): void {
  const found = deps.router().route(x.request)
  const flags = found?.found?.operation?.flags ?? found?.found?.path.flags
  checkListener(x, flags)
  const state = deps.state()
  if (state !== 'active' && flags?.whileSealed !== true && !isOpen(x, flags)) {
    throw state === 'sealed'
      ? requestErrors.SEALED()
      : state === 'standby'
        ? requestErrors.STANDBY()
        : requestErrors.SEALED()
  }
  if (found !== undefined) x.route = found
}

/** The listener's configuration opens the path to anyone: it is served without a token, also while sealed. */
export function isOpen(x: Exchange, flags: PathFlags | undefined): boolean {
  return flags?.openBy !== undefined && x.wire.listener[flags.openBy]
}

function checkListener(x: Exchange, flags: PathFlags | undefined): void {
  const { listener } = x.wire
  if (listener.metricsOnly && flags?.isMetrics !== true) throw requestErrors.METRICS_ONLY()
  if (listener.disallowMetrics && flags?.isMetrics === true)
    throw requestErrors.NOT_ON_LISTENER({ path: x.request.path })
}
