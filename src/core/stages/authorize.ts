import { requestErrors } from '../../errors/request.ts'
import type { Operation } from '../../request/operation.ts'
import type { ReadTransaction } from '../../storage/store.ts'
import type { Exchange } from '../exchange.ts'
import type { PipelineDeps } from '../deps.ts'
import { callOf } from '../call.ts'
import { ELSEWHERE, type Elsewhere } from './place.ts'

/**
 * WHAT: the caller's policies decide; default deny. Only then is the caller told that a path doesn't exist. What a control group holds
 * is kept, by the leader.
 */
export async function authorize(x: Exchange, deps: PipelineDeps): Promise<Elsewhere | undefined> {
  const { caller, request } = x
  if (caller === undefined) throw requestErrors.MISSING_TOKEN()
  const snapshot = await snapshotOf(x, deps)
  if (!x.isDecided) x.operation = await decideOperation(x, deps)
  const flags = x.hasRoute ? x.route.found?.operation?.flags : undefined
  const circumstances = { needsSudo: flags?.sudo, approved: x.approval !== undefined }
  let verdict = await deps.policies().authorize(caller, request, x.operation, snapshot, circumstances)
  if (!verdict.allowed && verdict.mfaMethods !== undefined && verdict.mfaMethods.length > 0) {
    // Is it allowed but for them? They are asked for later: what is denied anyway uses up no code.
    const shown = { ...circumstances, mfaValidated: true }
    verdict = await deps.policies().authorize(caller, request, x.operation, snapshot, shown)
    // Those that came with a held request were for all that it asks.
    const { mfaMethods: met = [] } = x.approval?.held ?? {}
    x.factors = (verdict.mfaMethods ?? []).filter((method) => !met.includes(method))
  }
  x.verdict = verdict
  const passed = verdict.allowed || flags?.anyCaller === true
  if (!passed && verdict.hold === undefined) throw requestErrors.PERMISSION_DENIED()
  if (flags?.sudo === true && !verdict.sudo) throw requestErrors.PERMISSION_DENIED()
  checkWrapping(x)
  // What is not there cannot be kept either: that is told when it is to be carried out.
  x.isHeld = !passed && x.definition !== undefined
  // Codes are used up, and what is held is kept: that is written down.
  return (x.isHeld || x.factors.length > 0) && deps.reach() !== 'leader' ? ELSEWHERE : undefined
}

/**
 * On a core that only reads: what has to be made before it can be used is the leader's, and so is what may have to be kept or may need
 * second factors: its body can be read but once. Asked when the caller is known, so that nobody else learns from the time it takes whether it is there.
 */
export async function placeOfCreation(x: Exchange, deps: PipelineDeps): Promise<Elsewhere | undefined> {
  if (deps.reach() === 'leader' || x.request.operation !== 'update') return undefined
  const { caller } = x
  if (caller !== undefined) {
    const snapshot = await snapshotOf(x, deps)
    if (await deps.policies().mayHold(caller, x.request, snapshot)) return ELSEWHERE
    if (await deps.policies().mayDemandFactors(caller, x.request, snapshot)) return ELSEWHERE
  }
  if (x.definition?.creating === undefined) return undefined
  x.operation = await decideOperation(x, deps)
  return x.operation === 'create' ? ELSEWHERE : undefined
}

async function snapshotOf(x: Exchange, deps: PipelineDeps): Promise<ReadTransaction> {
  return (x.snapshot ??= await deps.store().beginRead())
}

/** A write is a create where the path can tell that the thing is not there yet, else an update. */
async function decideOperation(x: Exchange, deps: PipelineDeps): Promise<Operation> {
  const { operation } = x.request
  if (operation !== 'update' || !x.hasRoute) return operation
  const found = x.route.found
  if (found?.path.exists === undefined || found.operation === undefined) return operation
  return (await found.path.exists(await callOf(x, deps, 'read'))) ? 'update' : 'create'
}

/** A policy may demand that a path's replies are wrapped, and for how long. */
function checkWrapping(x: Exchange): void {
  const { minWrappingTtl, maxWrappingTtl } = x.verdict ?? {}
  const asked = x.request.wrapTtl
  if (minWrappingTtl !== undefined && minWrappingTtl > 0 && (asked === undefined || asked < minWrappingTtl))
    throw requestErrors.PERMISSION_DENIED()
  if (maxWrappingTtl !== undefined && maxWrappingTtl > 0 && (asked === undefined || asked > maxWrappingTtl))
    throw requestErrors.PERMISSION_DENIED()
}
