/** What an engine says of the credentials it lends: how one is prolonged and how it is taken back. */
import type { Awaitable } from '../lib/awaitable.ts'
import type { Clock } from '../lib/clock.ts'
import { membersOf, RawJson, type JsonValue } from '../lib/json/index.ts'
import type { Logger } from '../lib/observe/index.ts'
import type { Mount } from '../request/mount.ts'
import type { LeaseLimits } from '../request/ports.ts'
import type { WriteView } from '../storage/view.ts'
import { parseFields, type Fields, type Infer } from './field.ts'

export interface LeaseCall<I> {
  /** What was kept with the lease when it was issued. */
  readonly internal: I
  readonly leaseId: string
  readonly mount: Mount
  readonly limits: LeaseLimits
  readonly view: WriteView
  readonly clock: Clock
  readonly log: Logger
  /** Wall clock, ms. */
  readonly issuedAt: number
}

export interface RenewCall<I> extends LeaseCall<I> {
  /** Seconds asked for; 0 if the client leaves it to the engine. */
  readonly increment: number
}

export interface LeaseDefinition {
  readonly type: string
  /** Seconds from now the lease may live on; the lease store caps it by the mount's and the lease's maximum. */
  renew(call: RenewCall<JsonValue>): Promise<{ readonly ttl: number; readonly maxTtl?: number }>
  /** Takes the credential back. Retried until it succeeds: it must be idempotent, and "not found" is success. */
  revoke(call: LeaseCall<JsonValue>): Promise<void>
}

export function defineLease<const F extends Fields>(init: {
  readonly type: string
  readonly internal: F
  readonly renew?: (call: RenewCall<Infer<F>>) => Awaitable<{ readonly ttl: number; readonly maxTtl?: number }>
  readonly revoke: (call: LeaseCall<Infer<F>>) => Awaitable<void>
}): LeaseDefinition {
  const internal = (value: JsonValue) =>
    parseFields(init.internal, membersOf(new RawJson(JSON.stringify(value))) ?? new Map())
  return Object.freeze({
    type: init.type,
    renew: async (call: RenewCall<JsonValue>) =>
      init.renew === undefined ? { ttl: call.increment } : init.renew({ ...call, internal: internal(call.internal) }),
    revoke: async (call: LeaseCall<JsonValue>) => init.revoke({ ...call, internal: internal(call.internal) }),
  })
}
