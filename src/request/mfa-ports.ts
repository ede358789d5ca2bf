/**
 * Second factors of log-ins. A log-in that has to show some gets no token: what was granted waits, stored, under an id that its client is
 * told, until the factors are shown. Views are those of the whole storage.
 */
import type { WriteView } from '../storage/view.ts'
import type { GrantContext } from './ports.ts'
import type { AuthGrant } from './reply.ts'

/** What a log-in that waits is told besides, in Vault's words. */
export const waitingWarning =
  'A login request was issued that is subject to MFA validation. Please make sure to validate the login by sending another request to mfa/validate endpoint.'

export interface MfaRequirement {
  /** Names the log-in that waits. Who knows it and has the factors gets the token. */
  readonly requestId: string
  /** By the name of each enforcement; all of them are to be met, each by any one of its methods. */
  readonly constraints: ReadonlyMap<string, readonly MfaChoice[]>
}

export interface MfaChoice {
  readonly type: 'totp' | 'duo' | 'okta' | 'pingid'
  readonly id: string
  readonly usesPasscode: boolean
  /** Empty for a method without one. */
  readonly name: string
}

/** A log-in whose own credentials were right. */
export interface FirstFactor {
  readonly grant: AuthGrant
  readonly context: GrantContext
  /** Empty for one without an entity. */
  readonly entityId: string
}

/** What a client shows: ids or names of methods, each with what it has to say to it (a passcode, or nothing). */
export type FactorsShown = ReadonlyMap<string, readonly string[]>

export interface FactorAttempt {
  /** As `MfaRequirement.requestId`. */
  readonly requestId: string
  readonly shown: FactorsShown
  readonly remoteAddress: string
  readonly namespaceId: string
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/** A log-in whose factors were met, good for one token. */
export interface MetFactors {
  readonly requestId: string
  readonly grant: AuthGrant
  readonly context: GrantContext
}

/** Asked in the transaction of a log-in, once it is known whose it is and before there is a token. */
export interface LoginGate {
  /**
   * Undefined where no factor is demanded. Else the grant waits, and no token is to be made now. Rejects with `MFA_NO_ENTITY` where
   * factors are demanded of a log-in that has no entity, as nobody could show them.
   */
  demand(view: WriteView, login: FirstFactor): Promise<MfaRequirement | undefined>
}

/** A request that a policy allows with second factors. */
export interface StepUpAttempt {
  /** Names, all of which are to be met. */
  readonly methods: readonly string[]
  readonly shown: FactorsShown
  /** Empty for a token without an entity. */
  readonly entityId: string
  readonly remoteAddress: string
  readonly signal: AbortSignal
}

/** Factors of single requests, of one namespace. */
export interface StepUpPort {
  /** Rejects with `REQUEST_PERMISSION_DENIED` unless all are met. Outside of any transaction. */
  meet(attempt: StepUpAttempt): Promise<void>
}

export interface SecondFactors extends LoginGate {
  /**
   * Asks each method that is needed; outside of any transaction, since some ask a telephone. What can be used once is used up by then.
   * Rejects with `MFA_UNKNOWN_REQUEST` or `MFA_UNSATISFIED`; the log-in goes on waiting.
   */
  meet(attempt: FactorAttempt): Promise<MetFactors>
  /** In the transaction that makes the token: nobody gets another for this log-in. Rejects with `MFA_UNKNOWN_REQUEST`. */
  take(view: WriteView, met: MetFactors): Promise<void>
  /** The log-in waits no longer. */
  drop(view: WriteView, requestId: string): void
}
