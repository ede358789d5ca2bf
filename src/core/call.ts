/** An engine's context for one call. */
import type { Call } from '../framework/context.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import type { PipelineDeps } from './deps.ts'
import type { Exchange } from './exchange.ts'
import { MountApart } from './mount-apart.ts'

/** What the handler is given. */
export async function callOf(
  x: Exchange,
  deps: PipelineDeps,
  mode: 'read' | 'write',
  writing?: WriteView,
): Promise<Call> {
  const { route } = x
  const root: ReadView = writing ?? (x.snapshot ??= await deps.openSnapshot())
  const prefix = deps.storageOf(route.mount, route.engine, x.caller)
  const view = prefix === '' ? root : root.sub(prefix)
  const writeView =
    mode === 'write' && writing !== undefined ? (prefix === '' ? writing : writing.sub(prefix)) : undefined
  return {
    request: x.request,
    operation: x.operation,
    mount: route.mount,
    path: route.rest,
    caller: x.caller,
    sudo: x.verdict?.sudo === true,
    limits: deps.limitsOf(route.mount),
    clock: deps.clock,
    log: deps.log,
    apart: new MountApart(deps, route.mount, prefix),
    emit:
      writeView === undefined || writing === undefined
        ? nothingToTell
        : (event) => deps.events().emit(writing, route.mount, event),
    warn: (sentence) => void x.warnings.push(sentence),
    params: route.found?.params ?? new Map(),
    view,
    writeView,
  }
}

function nothingToTell(): never {
  throw new Error('an operation that does not write has told of an event')
}
