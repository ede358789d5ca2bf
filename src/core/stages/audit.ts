/** Request entry before the engine runs, response entry before the client gets anything; both on failure too. */
import { toCofferError } from '../failure.ts'
import type { AuditEvent } from '../../request/ports.ts'
import type { Exchange } from '../exchange.ts'
import type { PipelineDeps } from '../deps.ts'

export async function auditRequest(x: Exchange, deps: PipelineDeps): Promise<void> {
  const audit = deps.audit()
  if (!audit.enabled || !x.hasRequest || isUnaudited(x)) return
  x.auditBegun = true
  await audit.request(eventOf(x))
}

export async function auditResponse(x: Exchange, deps: PipelineDeps): Promise<void> {
  if (!x.auditBegun) return
  await deps.audit().response(eventOf(x))
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
    sensitive: x.hasRoute ? (x.route.found?.operation?.sensitive ?? NOTHING) : NOTHING,
  }
}
