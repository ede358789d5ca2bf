/** One method asked about one entity, whatever demands it. */
import type { Clock } from '../../../../lib/clock.ts'
import type { IdentityFacts } from '../../../../lib/identity-template.ts'
import type { Logger } from '../../../../lib/observe/index.ts'
import type { Store } from '../../../../storage/store.ts'
import { refused, type Outcome } from './outcome.ts'
import { readSaid } from './passcode.ts'
import type { Question } from './services/ask.ts'
import { askDuo } from './services/duo.ts'
import { askOkta } from './services/okta.ts'
import { askPingId } from './services/pingid.ts'
import { ServiceError, type Web } from './services/web.ts'
import type { StoredMethod } from './store.ts'
import { tryCode } from './totp-factor.ts'
import { usernameOf } from './username.ts'

export interface AskDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly web: Web
  /** Of the mount's storage. */
  readonly prefix: string
}

export interface Asking {
  readonly method: StoredMethod
  /** What the client says to it. */
  readonly credentials: readonly string[]
  readonly facts: IdentityFacts
  readonly entityId: string
  /** What the service calls the entity, where not by the method's own format; undefined where it has no name for it. */
  readonly username?: { readonly name: string | undefined }
  readonly remoteAddress: string
  readonly signal: AbortSignal
}

/** Outside of any transaction, since some ask a telephone. What can be used once is used up by then. */
export async function askMethod(asking: Asking, deps: AskDeps): Promise<Outcome> {
  const { method, credentials, facts, entityId, remoteAddress, signal } = asking
  const { store, clock, log, prefix } = deps
  const said = readSaid(credentials)
  if ('met' in said) return said
  if (method.type === 'totp')
    return store.write((view) => tryCode(view.sub(prefix), method, entityId, said.passcode, clock.now()))
  const username =
    asking.username === undefined ? usernameOf(method.username_format, facts, clock.now()) : asking.username.name
  if (username === undefined) return refused('the entity has no name for this MFA method')
  try {
    return await askService(method, { username, passcode: said.passcode, remoteAddress, signal }, deps)
  } catch (error) {
    if (!(error instanceof ServiceError) && !signal.aborted) throw error
    log.warn('a service of second factors could not be asked', {
      method: method.id,
      type: method.type,
      reason: error instanceof ServiceError ? error.message : 'nobody waits any more',
    })
    return refused(`the service of MFA method "${method.name || method.id}" could not be asked`)
  }
}

async function askService(
  { type, duo, okta, pingid }: StoredMethod,
  question: Question,
  deps: AskDeps,
): Promise<Outcome> {
  if (duo !== undefined) return askDuo(duo, question, deps)
  if (okta !== undefined) return askOkta(okta, question, deps)
  if (pingid !== undefined) return askPingId(pingid, question, deps)
  throw new Error(`a stored method of type ${type} has no settings`)
}
