import type { PathFlags } from '../../framework/path.ts'
import { namespaceErrors } from '../../errors/namespaces.ts'
import { requestErrors } from '../../errors/request.ts'
import type { Exchange } from '../exchange.ts'
import type { PipelineDeps } from '../deps.ts'

/** Finds engine, path and operation. What is absent is told only after the caller is known: it must not show which mounts exist. */
export function route(x: Exchange, deps: PipelineDeps): void {
  const found = deps.router().route(x.request)
  checkListener(x, found?.found?.operation?.flags ?? found?.found?.path.flags)
  if (found !== undefined) x.route = found
}

/** While sealed, or between two roles, only what says so is answered. */
export function assertServing(x: Exchange, deps: PipelineDeps): void {
  if (deps.reads()) return
  const found = x.hasRoute ? x.route.found : undefined
  const flags = found?.operation?.flags ?? found?.path.flags
  if (flags?.whileSealed === true || isOpen(x, flags)) return
  const state = deps.state()
  if (state === 'standby') throw requestErrors.STANDBY()
  throw state === 'restoring' ? requestErrors.RESTORING() : requestErrors.SEALED()
}

/** The listener's configuration opens the path to anyone: it is served without a token, also while sealed. */
export function isOpen(x: Exchange, flags: PathFlags | undefined): boolean {
  return flags?.openBy !== undefined && x.wire.listener[flags.openBy]
}

/** Nothing of a namespace is answered while its keys are nowhere, whoever asks. */
export function assertUnsealed(x: Exchange, deps: PipelineDeps): void {
  if (deps.namespaces.isSealed(x.request.namespace)) throw namespaceErrors.SEALED()
}

/** A namespace whose API an administrator has locked answers what needs no token and is no log-in, and the request that unlocks it. */
export function assertUnlocked(x: Exchange, deps: PipelineDeps): void {
  const locked = deps.namespaces.lockedAt(x.request.namespace)
  if (locked === undefined) return
  const flags = x.hasRoute ? (x.route.found?.operation?.flags ?? x.route.found?.path.flags) : undefined
  if (flags?.unauthenticated === true || flags?.unlocks === true) return
  throw namespaceErrors.LOCKED({ path: locked.path })
}

/** The configuration lets anyone in who comes by this listener; as one whom nobody knows, and audited. */
export function isAnonymous(x: Exchange, flags: PathFlags | undefined): boolean {
  return flags?.anonymousBy !== undefined && x.wire.listener[flags.anonymousBy]
}

function checkListener(x: Exchange, flags: PathFlags | undefined): void {
  const { listener } = x.wire
  if (listener.metricsOnly && flags?.isMetrics !== true) throw requestErrors.METRICS_ONLY()
  if (listener.disallowMetrics && flags?.isMetrics === true)
    throw requestErrors.NOT_ON_LISTENER({ path: x.request.path })
}
