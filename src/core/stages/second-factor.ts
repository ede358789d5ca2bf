/** A log-in that brings its second factors along in the header `X-Vault-MFA` gets its token in one request. */
import { CofferError } from '../../errors/coffer-error.ts'
import { mfaErrors } from '../../errors/mfa.ts'
import { waitingWarning, type FactorsShown } from '../../request/mfa-ports.ts'
import type { Reply } from '../../request/reply.ts'
import type { Exchange } from '../exchange.ts'
import type { PipelineDeps } from '../deps.ts'

const HEADER = 'x-vault-mfa'

/** `method:passcode`, or `method` where there is nothing to say to it; several by several headers, or with commas between. */
export function factorsIn(headers: ReadonlyMap<string, readonly string[]>): FactorsShown {
  const shown = new Map<string, readonly string[]>()
  for (const part of (headers.get(HEADER) ?? []).flatMap((value) => value.split(','))) {
    const text = part.trim()
    if (text === '') continue
    const colon = text.indexOf(':')
    const name = colon === -1 ? text : text.slice(0, colon)
    if (name === '') throw mfaErrors.BAD_HEADER({ missing: 'method name or ID' })
    if (colon === text.length - 1) throw mfaErrors.BAD_HEADER({ missing: 'method value' })
    shown.set(name, [...(shown.get(name) ?? []), ...(colon === -1 ? [] : [text.slice(colon + 1)])])
  }
  return shown
}

/**
 * After the log-in's own transaction: where it has to wait for factors that came with it, they are looked at, and the token is made in a
 * transaction that follows. Where they are not good nothing of the log-in waits any longer.
 */
export async function withFactors(x: Exchange, deps: PipelineDeps, shown: FactorsShown, reply: Reply): Promise<Reply> {
  const requirement = reply.auth?.mfaRequirement
  if (shown.size === 0 || reply.auth === undefined) return reply
  if (requirement === undefined) {
    const warning = 'Found MFA header but failed to find MFA Enforcement Config'
    return reply.auth.entityId === '' ? reply : { ...reply, warnings: [...(reply.warnings ?? []), warning] }
  }
  const { requestId } = requirement
  const own = (reply.warnings ?? []).filter((text) => text !== waitingWarning)
  const factors = deps.factors(x.request.namespace.id)
  try {
    const { request } = x
    const met = await factors.meet({
      requestId,
      shown,
      remoteAddress: request.remoteAddress,
      namespaceId: request.namespace.id,
      signal: request.signal(),
    })
    return await deps.store().write(async (view) => {
      await factors.take(view, met)
      const auth = await deps.tokens().create(view, met.grant, met.context)
      return { ...reply, auth, warnings: [...own, ...auth.warnings] }
    })
  } catch (error) {
    await deps.store().write((view) => factors.drop(view, requestId))
    // Which factor was not good is told to nobody who has only just begun.
    throw error instanceof CofferError && error.status < 500 ? mfaErrors.REFUSED(undefined, { cause: error }) : error
  }
}
