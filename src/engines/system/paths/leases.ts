import {
  absent,
  definePath,
  defineErrors,
  done,
  f,
  listing,
  none,
  okData,
  pageFields,
  pageOf,
  replySchema,
  type CallContext,
  type JsonOut,
  type PathDefinition,
  type Reply,
  type WriteView,
  type ReadView,
} from '#framework'
import { rfc3339 } from '../../../lib/rfc3339.ts'
import type { IrrevocableLease, LeaseInfo, LeasesPort, RevokeMode } from '../../../request/lease-ports.ts'
import type { NamespaceLookup } from '../../../request/namespace-ports.ts'

export interface LeasePathPorts {
  /** Asked for at each request: leases exist only while the server is active. */
  leases(): LeasesPort
  readonly namespaces: Pick<NamespaceLookup, 'below'>
}

const leaseErrors = defineErrors('LEASE_PATH', {
  MISSING_ID: { status: 400, message: 'lease_id must be specified' },
  INVALID: { status: 400, message: 'invalid lease' },
  LIMIT: { status: 400, message: "limit must be 'none' or a positive integer" },
})

const TIDY_STARTED =
  "Tidy operation successfully started. Any information from the operation will be printed to Vault's server logs."
const MOST_SHOWN = 10_000
const MORE_THAN_SHOWN =
  'Command halted because many irrevocable leases were found. To emit the entire list, re-run the command with force set true.'

const leaseReply = replySchema('A lease.', {
  id: f.string('Its id.'),
  path: f.string('Path of the request that issued it.'),
  issue_time: f.time('When it was issued.'),
  expire_time: f.time('When it ends; null for never.'),
  last_renewal: f.time('When it was renewed last; null if it was not.'),
  renewable: f.bool('Whether it can be renewed.'),
  ttl: f.int('Seconds left.'),
  revoke_error: f.string('Why it could not be revoked.').optional(),
})
const keysReply = replySchema('Leases and folders of leases.', {
  keys: f.list('Names; folders with a slash at the end.'),
})
const countReply = replySchema('How many leases could not be revoked.', {
  lease_count: f.int('All of them.'),
  counts: f.map('By accessor of the mount.'),
})
const irrevocableReply = replySchema('Leases that could not be revoked.', {
  lease_count: f.int('How many there are.'),
  leases: f.array(
    f.object({ lease_id: f.string('Its id.'), mount_id: f.string('Accessor of its mount.'), error: f.string('Why.') }),
  ),
})
const renewReply = replySchema('The lease with its new end, outside of `data`.', {})
const startedReply = replySchema('It has begun.', {})

const idField = f.string('Id of the lease.').default('')
const urlId = 'Id of the lease.'
const incrementField = f.duration('How much longer it is wanted; what its engine says if absent.').default(0)
const syncField = f.bool('Wait until it is revoked.').default(false)
const prefixParam = 'Everything whose lease id starts with this.'
const typeField = f.string('"irrevocable"; no other kind is counted or listed.').default('')
const childField = f.bool('Also those of namespaces below.').default(false)

export function leasePaths(ports: LeasePathPorts): readonly PathDefinition[] {
  return [
    ...lookup(ports),
    ...['leases/renew', 'renew'].flatMap((path) => renew(ports, path)),
    ...['leases/revoke', 'revoke'].flatMap((path) => revoke(ports, path)),
    ...['leases/revoke-prefix', 'revoke-prefix'].map((path) => revokePrefix(ports, path)),
    ...['leases/revoke-force', 'revoke-force'].map((path) => revokeForce(ports, path)),
    ...irrevocable(ports),
    tidy(ports),
  ]
}

function lookup(ports: LeasePathPorts): readonly PathDefinition[] {
  const names = async (
    c: CallContext & { readonly view: WriteView | Parameters<LeasesPort['list']>[0] },
    prefix: string,
    page: object,
  ) => {
    const folder = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`
    return listing(await ports.leases().list(c.view, c.request.namespace, folder, page))
  }
  const flags = { sudo: true }
  return [
    definePath('leases/lookup', { help: 'What is known of a lease.', params: {} })
      .compute({
        summary: 'Look up a lease.',
        flags: { place: 'anywhere' },
        fields: { lease_id: idField },
        replies: { 200: leaseReply },
        run: async (c) => {
          const id = required(c.in.lease_id)
          const lease = await ports.leases().lookup(c.view, c.request.namespace, id)
          if (lease === undefined) throw leaseErrors.INVALID()
          return shown(lease, c)
        },
      })
      .list({
        summary: 'List leases by the first part of their ids.',
        fields: pageFields,
        replies: { 200: keysReply },
        flags,
        run: (c) => names(c, '', pageOf(c.in)),
      }),
    definePath('leases/lookup/{prefix+}', { help: 'Leases below a path.', params: { prefix: prefixParam } }).list({
      summary: 'List leases below a path.',
      fields: pageFields,
      replies: { 200: keysReply },
      flags,
      run: (c) => names(c, c.params.prefix, pageOf(c.in)),
    }),
  ]
}

/** What was below `sys/` alone once still is. */
function olderName(path: string): string {
  return path.startsWith('leases/') ? '' : ` The older name of \`leases/${path}\`.`
}

function renew(ports: LeasePathPorts, path: string): readonly PathDefinition[] {
  const help = `Prolong the lease of a secret.${olderName(path)}`
  const summary = 'Renew a lease.'
  const run = async (c: CallContext & { readonly view: WriteView }, id: string, increment: number): Promise<Reply> => {
    const { leaseId, leaseDuration, renewable, warnings } = await ports
      .leases()
      .renew(c.view, c.request.namespace, required(id), increment)
    return { leaseId, leaseDuration, renewable, warnings, status: 200 }
  }
  return [
    definePath(path, { help, params: {} }).write({
      summary,
      fields: { lease_id: idField, increment: incrementField },
      replies: { 200: renewReply },
      run: (c) => run(c, c.in.lease_id, c.in.increment),
    }),
    definePath(`${path}/{url_lease_id+}`, { help, params: { url_lease_id: urlId } }).write({
      summary,
      fields: { lease_id: idField, increment: incrementField },
      replies: { 200: renewReply },
      run: (c) => run(c, c.in.lease_id || c.params.url_lease_id, c.in.increment),
    }),
  ]
}

function revoke(ports: LeasePathPorts, path: string): readonly PathDefinition[] {
  const help = `End a lease.${olderName(path)}`
  const summary = 'Revoke a lease.'
  const run = async (c: CallContext & { readonly view: WriteView }, id: string, sync: boolean): Promise<Reply> => {
    const leaseId = required(id)
    if (sync) await ports.leases().revokeNow(c.request.namespace, leaseId)
    else await ports.leases().revoke(c.view, c.request.namespace, leaseId)
    return done()
  }
  return [
    definePath(path, { help, params: {} }).write({
      summary,
      fields: { lease_id: idField, sync: syncField },
      replies: { 204: none },
      run: (c) => run(c, c.in.lease_id, c.in.sync),
    }),
    definePath(`${path}/{url_lease_id+}`, { help, params: { url_lease_id: urlId } }).write({
      summary,
      fields: { lease_id: idField, sync: syncField },
      replies: { 204: none },
      run: (c) => run(c, c.in.lease_id || c.params.url_lease_id, c.in.sync),
    }),
  ]
}

function revokePrefix(ports: LeasePathPorts, path: string): PathDefinition {
  return definePath(`${path}/{prefix+}`, {
    help: `End all leases below a path, of secrets and of tokens.${olderName(path)}`,
    params: { prefix: prefixParam },
    flags: { sudo: true },
  }).write({
    summary: 'Revoke all leases below a path.',
    fields: { sync: syncField },
    replies: { 204: none },
    run: (c) => revokeBelow(ports, c, c.params.prefix, c.in.sync ? 'sync' : 'queue'),
  })
}

function revokeForce(ports: LeasePathPorts, path: string): PathDefinition {
  return definePath(`${path}/{prefix+}`, {
    help:
      'Forget all leases below a path, also where the engine fails to take the credential back. What was issued may stay good: ' +
      `for emergencies only.${olderName(path)}`,
    params: { prefix: prefixParam },
    flags: { sudo: true },
  }).write({
    summary: 'Revoke all leases below a path, ignoring failures.',
    replies: { 204: none },
    run: (c) => revokeBelow(ports, c, c.params.prefix, 'force'),
  })
}

/** In transactions of the lease store's own: one of this request would grow with the number of leases. */
async function revokeBelow(ports: LeasePathPorts, c: CallContext, prefix: string, mode: RevokeMode): Promise<Reply> {
  await ports.leases().revokePrefix(c.request.namespace, prefix, mode)
  return done()
}

function irrevocable(ports: LeasePathPorts): readonly PathDefinition[] {
  return [
    definePath('leases/count', { help: 'How many leases could not be revoked.', params: {} }).read({
      summary: 'Count irrevocable leases.',
      fields: { type: typeField, include_child_namespaces: childField },
      replies: { 200: countReply },
      run: async (c) => {
        if (c.in.type.toLowerCase() !== 'irrevocable') return absent()
        const leases = await irrevocableIn(ports, c)
        const counts = new Map<string, number>()
        for (const { mountAccessor } of leases) counts.set(mountAccessor, (counts.get(mountAccessor) ?? 0) + 1)
        return okData({ counts, lease_count: leases.length })
      },
    }),
    definePath('leases', { help: 'Leases that could not be revoked.', params: {} }).read({
      summary: 'List irrevocable leases.',
      fields: {
        type: typeField,
        include_child_namespaces: childField,
        limit: f.string('At most this many; "none" for all.').default(''),
      },
      replies: { 200: irrevocableReply },
      flags: { sudo: true },
      run: async (c) => {
        if (c.in.type.toLowerCase() !== 'irrevocable') return absent()
        const most = limitOf(c.in.limit)
        const leases = await irrevocableIn(ports, c)
        const some = leases
          .slice(0, most)
          .map(({ leaseId, mountAccessor, error }) => ({ error, lease_id: leaseId, mount_id: mountAccessor }))
        if (leases.length > most) c.warn(MORE_THAN_SHOWN)
        return okData({ lease_count: some.length, leases: some })
      },
    }),
  ]
}

async function irrevocableIn(
  ports: LeasePathPorts,
  c: CallContext & { readonly view: ReadView; readonly in: { readonly include_child_namespaces: boolean } },
): Promise<readonly IrrevocableLease[]> {
  const { namespace } = c.request
  const spaces = c.in.include_child_namespaces ? [namespace, ...ports.namespaces.below(namespace)] : [namespace]
  const found: IrrevocableLease[] = []
  for (const one of spaces) found.push(...(await ports.leases().irrevocable(c.view, one)))
  return found
}

function tidy(ports: LeasePathPorts): PathDefinition {
  return definePath('leases/tidy', { help: 'Revoke leases whose token is gone.', params: {} }).write({
    summary: 'Tidy the leases.',
    replies: { 202: startedReply, 200: startedReply },
    run: () =>
      ports.leases().startTidy()
        ? { status: 202, warnings: [TIDY_STARTED] }
        : { status: 200, warnings: ['Tidy operation already in progress.'] },
  })
}

function limitOf(text: string): number {
  if (text === '') return MOST_SHOWN
  if (text.toLowerCase() === 'none') return Infinity
  if (!/^\d{1,9}$/.test(text) || Number(text) < 1) throw leaseErrors.LIMIT()
  return Number(text)
}

function required(id: string): string {
  if (id === '') throw leaseErrors.MISSING_ID()
  return id
}

/** Members in the order of their names, as Vault sends them. */
function shown(lease: LeaseInfo, c: CallContext): Reply {
  const { expiresAt, renewedAt, revokeError } = lease
  const now = Math.round(c.clock.now() / 1000) * 1000
  return okData(
    new Map<string, JsonOut>([
      ['expire_time', expiresAt === undefined ? null : rfc3339(expiresAt)],
      ['id', lease.id],
      ['issue_time', rfc3339(lease.issuedAt)],
      ['last_renewal', renewedAt === undefined ? null : rfc3339(renewedAt)],
      ...(c.request.namespace.path === '' ? [] : [['namespace_path', c.request.namespace.path] as const]),
      ['path', lease.path],
      ['renewable', lease.renewable],
      ...(revokeError === undefined ? [] : [['revoke_error', revokeError] as const]),
      ['ttl', expiresAt === undefined ? 0 : Math.trunc((expiresAt - now) / 1000)],
    ]),
  )
}
