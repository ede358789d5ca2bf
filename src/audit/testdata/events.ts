/** Requests and replies as the stages hand them to the broker, for this room's tests. */
import { RawJson } from '../../lib/json/index.ts'
import type { Caller } from '../../request/caller.ts'
import { noTuning as plainTuning, type Mount, type MountTuning } from '../../request/mount.ts'
import type { AuditEvent, Verdict } from '../../request/ports.ts'
import type { Reply } from '../../request/reply.ts'
import { rootNamespace, type Request } from '../../request/request.ts'
import { plainListener } from '../../request/wire.ts'

export const salt = '7d0f8a0e-5a3b-4b8e-9c53-0d2c3a1b4e5f'

export function mount(path: string, type: string, tuning: Partial<MountTuning> = {}): Mount {
  return {
    kind: path.startsWith('auth/') ? 'auth' : 'secret',
    path,
    type,
    uuid: `uuid-of-${path}`,
    accessor: `${path.startsWith('auth/') ? 'auth_' : ''}${type}_1a2b3c4d`,
    description: '',
    options: new Map(),
    local: false,
    sealWrap: false,
    externalEntropyAccess: false,
    tuning: { ...plainTuning, ...tuning },
    namespaceId: 'root',
    tainted: false,
  }
}

export const kv = mount('secret/', 'kv')

export function caller(changes: Partial<Caller> = {}): Caller {
  return {
    token: 'hvs.the-token-of-bob',
    accessor: 'accessor-of-bob',
    type: 'service',
    displayName: 'userpass-bob',
    policies: ['default', 'dev'],
    tokenPolicies: ['default', 'dev'],
    identityPolicies: [],
    entityId: '',
    meta: new Map([['username', 'bob']]),
    path: 'auth/userpass/login/bob',
    orphan: true,
    numUses: 0,
    ttl: 3600,
    issuedAt: Date.UTC(2026, 0, 1),
    expiresAt: Date.UTC(2026, 0, 1, 1),
    namespaceId: 'root',
    ...changes,
  }
}

export const allowed: Verdict = {
  allowed: true,
  sudo: false,
  isRoot: false,
  grantingPolicies: [{ name: 'dev', namespaceId: 'root', type: 'acl' }],
  minWrappingTtl: undefined,
  maxWrappingTtl: undefined,
  paginationLimit: undefined,
}

export const denied: Verdict = { ...allowed, allowed: false, grantingPolicies: [] }

export function request(changes: Partial<Request> = {}): Request {
  return {
    id: '0c9ab5fd-3a4e-4b8c-8a1b-3f6d2c1e0a9b',
    operation: 'read',
    path: 'secret/data/app',
    namespace: rootNamespace,
    clientToken: 'hvs.the-token-of-bob',
    body: new Map(),
    query: new Map(),
    rawBody: undefined,
    headers: new Map(),
    wrapTtl: undefined,
    wrapFormat: undefined,
    remoteAddress: '127.0.0.1',
    remotePort: 40000,
    peerCertificate: undefined,
    listener: plainListener,
    signal: () => new AbortController().signal,
    receivedAt: Date.UTC(2026, 0, 1),
    ...changes,
  }
}

export function event(changes: Partial<AuditEvent> = {}): AuditEvent {
  const asked = changes.request ?? request()
  return {
    request: asked,
    operation: asked.operation,
    mount: kv,
    caller: bob,
    verdict: allowed,
    reply: undefined,
    error: undefined,
    sensitive: new Set(),
    ...changes,
  }
}

export const bob = caller()

/** The body of a request, from values. */
export function body(values: Readonly<Record<string, unknown>>): ReadonlyMap<string, RawJson> {
  return new Map(Object.entries(values).map(([name, value]) => [name, new RawJson(JSON.stringify(value))]))
}

export function reply(changes: Partial<Reply>): Reply {
  return changes
}
