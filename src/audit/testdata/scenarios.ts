/** What happens in each golden file: the two events of one request. */
import { RawJson } from '../../lib/json/index.ts'
import type { AuditEvent } from '../../request/ports.ts'
import type { AuthInfo } from '../../request/reply.ts'
import { allowed, body, bob, caller, denied, event, mount, reply, request } from './events.ts'

const tokenMount = mount('auth/token/', 'token')
const userpass = mount('auth/userpass/', 'userpass')
const nothing: ReadonlySet<string> = new Set()

const newToken: AuthInfo = {
  clientToken: 'hvs.a-new-token',
  accessor: 'accessor-of-the-new-token',
  policies: ['default'],
  tokenPolicies: ['default'],
  identityPolicies: [],
  metadata: new Map([['a', 'b']]),
  leaseDuration: 2_764_800,
  renewable: true,
  entityId: '',
  tokenType: 'service',
  orphan: false,
  mfaRequirement: undefined,
  numUses: 3,
}

const secretData = { data: new RawJson('{"user":"app","pass":"s3cr3t","n":5,"l":["q",true,null,{"z":"y"}]}') }
const versionInfo = {
  created_time: '2026-01-01T00:00:00.5Z',
  custom_metadata: null,
  deletion_time: '',
  destroyed: false,
  version: 1,
}

/** A request's event, and its response's with what came of it. */
function pair(first: Partial<AuditEvent>, outcome: Partial<AuditEvent>): readonly [AuditEvent, AuditEvent] {
  const begun = event({ sensitive: nothing, ...first })
  return [begun, { ...begun, ...outcome }]
}

const login = request({
  operation: 'update',
  path: 'auth/userpass/login/bob',
  clientToken: undefined,
  body: body({ password: 'correct horse' }),
})
const stranger = { mount: userpass, caller: undefined, verdict: undefined }

export const scenarios: Readonly<Record<string, readonly [AuditEvent, AuditEvent]>> = {
  read: pair({}, { reply: reply({ data: { ...secretData, metadata: versionInfo } }) }),
  'read-with-query': pair({ request: request({ query: new Map([['version', '1']]) }) }, { error: 'unsupported path' }),
  write: pair(
    {
      request: request({
        operation: 'update',
        body: body({ data: { user: 'app', pass: 's3cr3t' }, options: { cas: 0 } }),
      }),
      operation: 'create',
    },
    { reply: reply({ data: versionInfo }) },
  ),
  list: pair(
    { request: request({ operation: 'list', path: 'secret/metadata/', query: new Map([['list', 'true']]) }) },
    { reply: reply({ data: { keys: ['a', 'b/'] } }) },
  ),
  absent: pair({}, {}),
  'token-create': pair(
    {
      request: request({
        operation: 'update',
        path: 'auth/token/create',
        body: body({ policies: ['default'], meta: { a: 'b' }, num_uses: 3 }),
      }),
      mount: tokenMount,
    },
    { reply: reply({ auth: newToken, grant: { displayName: 'token', policies: ['default'] } }) },
  ),
  denied: pair({ verdict: denied, error: 'permission denied' }, {}),
  'bad-token': pair(
    {
      request: request({ clientToken: 'hvs.mistyped' }),
      caller: undefined,
      verdict: undefined,
      error: 'permission denied',
    },
    {},
  ),
  login: pair(
    { ...stranger, request: login },
    { reply: reply({ auth: { ...newToken, numUses: 0, entityId: 'e-1' } }) },
  ),
  'login-failed': pair({ ...stranger, request: login }, { error: 'invalid username or password' }),
  wrapped: pair(
    { request: request({ wrapTtl: 60 }) },
    {
      reply: reply({
        data: secretData,
        auth: newToken,
        wrapInfo: {
          token: 'hvs.wrapping',
          accessor: 'accessor-of-wrapping',
          ttl: 60,
          creationTime: '2026-01-01T00:00:00Z',
          creationPath: 'secret/data/app',
          wrappedAccessor: 'accessor-of-the-new-token',
        },
      }),
    },
  ),
  unauthenticated: pair(
    {
      request: request({ path: 'sys/internal/ui/mounts', clientToken: undefined }),
      mount: mount('sys/', 'system'),
      caller: undefined,
      verdict: undefined,
    },
    { reply: reply({ data: { auth: {}, secret: {} } }) },
  ),
  leased: pair(
    {
      request: request({ path: 'database/creds/app' }),
      mount: mount('database/', 'database', { pluginVersion: 'v9.9.9' }),
    },
    {
      reply: reply({
        data: { username: 'v-app' },
        leaseId: 'database/creds/app/lease',
        leaseDuration: 60,
        warnings: ['short'],
      }),
    },
  ),
  'no-mount': pair(
    { request: request({ path: 'nomount/x' }), mount: undefined, error: 'no handler for route "nomount/x"' },
    {},
  ),
  'in-namespace': pair(
    { request: request({ namespace: { id: 'aB3cD', path: 'team/' } }) },
    { reply: reply({ data: { a: 'b' } }) },
  ),
  'entity-of-few-uses': pair(
    {
      caller: caller({
        entityId: 'e-7',
        numUses: 2,
        identityPolicies: ['ops'],
        policies: ['default', 'ops'],
        type: 'batch',
        accessor: '',
      }),
      verdict: allowed,
    },
    { reply: reply({}) },
  ),
  'own-format': pair({ caller: bob }, { reply: reply({ raw: { contentType: 'text/plain', body: 'vault_up 1\n' } }) }),
  'response-headers': pair(
    {},
    {
      reply: reply({
        headers: [
          ['Link', 'a'],
          ['Replay-Nonce', 'n'],
          ['Link', 'b'],
        ],
      }),
    },
  ),
}
