/** What is stored of a held request, and who has authorized it. The barrier encrypts it as all else; nothing of it is ever logged. */
import { RawJson } from '../lib/json/index.ts'
import type { Authorization, HeldRequest, HoldFactor, Person } from '../request/approval-ports.ts'
import type { Operation } from '../request/operation.ts'

export interface Held extends HeldRequest {
  /** Seconds that it waits. */
  readonly ttl: number
}

interface StoredHeld {
  readonly operation: Operation
  readonly path: string
  readonly namespace: string
  readonly mount: string
  readonly body: readonly (readonly [name: string, json: string])[]
  readonly query: readonly (readonly [name: string, value: string])[]
  /** Base64. */
  readonly raw: string | null
  readonly wrap_ttl: number | null
  readonly request: string
  readonly requester: Person
  readonly at: string
  readonly ttl: number
  readonly factors: readonly HoldFactor[]
  readonly mfa_methods: readonly string[]
}

export function encodeHeld(held: Held): Uint8Array {
  const stored: StoredHeld = {
    operation: held.operation,
    path: held.path,
    namespace: held.namespaceId,
    mount: held.mountUuid,
    // Each value as it was sent, to the last digit.
    body: [...held.body].map(([name, json]) => [name, json.text] as const),
    query: [...held.query],
    raw: held.rawBody === undefined ? null : Buffer.from(held.rawBody).toString('base64'),
    wrap_ttl: held.wrapTtl ?? null,
    request: held.requestId,
    requester: held.requester,
    at: held.requestedAt,
    ttl: held.ttl,
    factors: held.factors,
    mfa_methods: held.mfaMethods,
  }
  return Buffer.from(JSON.stringify(stored))
}

export function decodeHeld(bytes: Uint8Array): Held {
  // The barrier vouches that this is what `encodeHeld` wrote.
  const stored: StoredHeld = JSON.parse(Buffer.from(bytes).toString())
  return {
    operation: stored.operation,
    path: stored.path,
    namespaceId: stored.namespace,
    mountUuid: stored.mount,
    body: new Map(stored.body.map(([name, json]) => [name, new RawJson(json)])),
    query: new Map(stored.query),
    rawBody: stored.raw === null ? undefined : Buffer.from(stored.raw, 'base64'),
    wrapTtl: stored.wrap_ttl ?? undefined,
    requestId: stored.request,
    requester: stored.requester,
    requestedAt: stored.at,
    ttl: stored.ttl,
    factors: stored.factors,
    mfaMethods: stored.mfa_methods,
  }
}

export function encodeAuthorizations(authorizations: readonly Authorization[]): Uint8Array {
  return Buffer.from(JSON.stringify(authorizations))
}

export function decodeAuthorizations(bytes: Uint8Array | undefined): readonly Authorization[] {
  if (bytes === undefined) return []
  // As above.
  const stored: readonly Authorization[] = JSON.parse(Buffer.from(bytes).toString())
  return stored
}
