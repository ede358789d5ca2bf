import { definePath, done, f, none, type PathDefinition } from '#framework'
import type { JsonOut } from '../../../lib/json/index.ts'
import type { LifecyclePort, SealBackend, SealStatus, SystemPorts } from '../../../request/system-ports.ts'
import type { ListenerTraits } from '../../../request/wire.ts'
import { sealErrors } from '../../../errors/seal.ts'
import { systemErrors } from '../errors.ts'
import { rfc3339 } from '../../../lib/rfc3339.ts'
import { rawJson, rawSchema } from '../raw.ts'

const openToAll = {
  rootNamespaceOnly: true,
  unauthenticated: true,
  whileSealed: true,
  unaudited: true,
  neverWrapped: true,
  place: 'node',
} as const

const statusReply = rawSchema('The state of the seal.', {
  type: f.string('Kind of seal.'),
  initialized: f.bool('There is a vault.'),
  sealed: f.bool('The keys are not in memory.'),
  t: f.int('Shares it takes to unseal.'),
  n: f.int('Shares there are.'),
  progress: f.int('Shares given so far.'),
  nonce: f.string('Names the attempt under way.'),
  version: f.string("The server's version."),
  build_date: f.string('When it was built.'),
  migration: f.bool('The vault is being moved to another seal.'),
  cluster_name: f.string('Name of the cluster; while unsealed.').optional(),
  cluster_id: f.string('Id of the cluster; while unsealed.').optional(),
  recovery_seal: f.bool('The seal opens by itself and has a recovery key.'),
  recovery_seal_type: f.string('How the recovery key is held: `shamir`. With such a seal alone.').optional(),
  storage_type: f.string('Kind of storage.'),
})

const backendsReply = rawSchema('The health of what the seal relies on.', {
  healthy: f.bool('All of it works.'),
  unhealthy_since: f.string('Since when it does not, RFC 3339.').optional(),
  backends: f.array(
    f.object({
      name: f.string('Kind of seal.'),
      healthy: f.bool('It works.'),
      unhealthy_since: f.string('Since when it does not, RFC 3339.').optional(),
    }),
    'Each seal.',
  ),
})

export function sealPaths(ports: SystemPorts): readonly PathDefinition[] {
  const { lifecycle } = ports
  return [
    definePath('seal-status', { help: 'The state of the seal.', params: {}, flags: openToAll }).read({
      summary: 'Tell whether the server is sealed, and how far an unsealing has come.',
      replies: { 200: statusReply },
      run: (c) => rawJson(statusOf(ports, lifecycle.sealStatus(), c.request.listener)),
    }),
    definePath('seal-backend-status', { help: 'The health of the seal.', params: {}, flags: openToAll }).read({
      summary: 'Tell whether what the seal relies on works.',
      description:
        'A key service is tested every ten minutes while the server is active, and every minute while it fails. A Shamir seal relies ' +
        'on nothing outside the server.',
      replies: { 200: backendsReply },
      run: () => rawJson(backendsOf(lifecycle.sealBackends())),
    }),
    definePath('unseal', { help: 'Unseal the server, share by share.', params: {}, flags: openToAll }).compute({
      summary: 'Give a share of the unseal key, or forget those given so far.',
      fields: {
        key: f.string('A share, in hexadecimal or base64.').default('').sensitive(),
        reset: f.bool('Forget the shares given so far.').default(false),
        migrate: f.bool('Move the vault to another seal.').default(false),
      },
      replies: { 200: statusReply },
      run: async (c) => rawJson(statusOf(ports, await unseal(lifecycle, c.in), c.request.listener)),
    }),
    definePath('seal', {
      help: 'Seal the server.',
      params: {},
      flags: { rootNamespaceOnly: true, sudo: true, whileSealed: true, place: 'node' },
    }).compute({
      summary: 'Seal the server: forget its keys and refuse every request until it is unsealed again.',
      replies: { 204: none },
      run: async (c) => {
        // Without a caller the server was sealed when the request came. It may be open by now: nobody unknown seals it again.
        if (c.caller !== undefined) await lifecycle.seal()
        return done()
      },
    }),
  ]
}

interface UnsealInput {
  readonly key: string
  readonly reset: boolean
  readonly migrate: boolean
}

async function unseal(lifecycle: LifecyclePort, { key, reset, migrate }: UnsealInput): Promise<SealStatus> {
  const open = lifecycle.state() !== 'uninitialized' && !lifecycle.sealStatus().sealed
  if (reset) {
    if (open) throw sealErrors.UNSEALED()
    return lifecycle.resetUnseal()
  }
  if (key === '') throw systemErrors.NO_KEY()
  return open && !migrate ? lifecycle.sealStatus() : lifecycle.unseal(key, migrate)
}

function backendsOf(backends: readonly SealBackend[]): JsonOut {
  const since = backends.flatMap(({ unhealthySince }) => unhealthySince ?? [])
  return {
    healthy: backends.every(({ healthy }) => healthy),
    unhealthy_since: since.length === 0 ? undefined : rfc3339(Math.min(...since)),
    backends: backends.map(({ name, healthy, unhealthySince }) => ({
      name,
      healthy,
      unhealthy_since: unhealthySince === undefined ? undefined : rfc3339(unhealthySince),
    })),
  }
}

function statusOf({ observe }: SystemPorts, status: SealStatus, listener: ListenerTraits): JsonOut {
  return {
    type: status.type,
    initialized: status.initialized,
    sealed: status.sealed,
    t: status.threshold,
    n: status.shares,
    progress: status.progress,
    nonce: status.nonce,
    version: listener.redactVersion ? '' : observe.version,
    build_date: listener.redactVersion ? '' : observe.buildDate,
    migration: status.migration,
    cluster_name: listener.redactClusterName ? undefined : status.clusterName,
    cluster_id: status.clusterId,
    recovery_seal: status.recoverySeal,
    recovery_seal_type: status.recoverySeal ? 'shamir' : undefined,
    storage_type: status.storageType,
  }
}
