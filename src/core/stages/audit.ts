/** Request entry before the engine runs, response entry before the client gets anything; both on failure too. */
import { toCofferError } from '../failure.ts'
import type { AuditEvent } from '../../request/ports.ts'
import type { Exchange } from '../exchange.ts'
import type { PipelineDeps } from '../deps.ts'

export async function auditRequest(x: Exchange, deps: PipelineDeps): Promise<void> {
  if (!x.hasRequest || x.isUnaudited || isUnaudited(x)) return
  x.auditBegun = true
  const audit = deps.audit()
  if (audit.enabled) await orSurvive(x, deps, audit.request(eventOf(x)))
}

export async function auditResponse(x: Exchange, deps: PipelineDeps): Promise<void> {
  // Asked anew: the request may have enabled the first device.
  const audit = deps.audit()
  if (x.auditBegun && audit.enabled) await orSurvive(x, deps, audit.response(eventOf(x)))
}

async function orSurvive(x: Exchange, deps: PipelineDeps, written: Promise<void>): Promise<void> {
  try {
    await written
  } catch (error) {
    const allowed =
      x.verdict?.allowed === true && x.hasRoute && x.route.found?.operation?.flags.survivesAuditFailure === true
    if (!allowed) throw error
    deps.log.error('carried out without an audit entry, since no device could write one', {
      request: x.request.id,
      operation: x.operation,
      path: x.request.path,
      caller: x.caller?.displayName ?? '',
    })
  }
}

export function isUnaudited(x: Exchange): boolean {
  if (!x.hasRoute) return false
  const flags = x.route.found?.operation?.flags
  return flags?.unaudited === true
}

/** An absence is an answer, not an error: Vault records none. */
function errorText(error: unknown): string | undefined {
  return error === undefined ? undefined : toCofferError(error).messages.join('; ') || undefined
}

const NOTHING: ReadonlySet<string> = new Set()

function eventOf(x: Exchange): AuditEvent {
  return {
    request: x.request,
    operation: x.operation,
    mount: x.hasRoute ? x.route.mount : undefined,
    caller: x.caller,
    verdict: x.verdict,
    reply: x.reply,
    error: errorText(x.error),
    ...(x.approval === undefined
      ? {}
      : { approval: { requestId: x.approval.held.requestId, authorizations: x.approval.authorizations } }),
    sensitive: x.hasRoute ? (x.route.found?.operation?.sensitive ?? NOTHING) : NOTHING,
  }
}
