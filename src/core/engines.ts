/** The engines of a core, tied to the rooms that they need. */
import { tokenEngine } from '../engines/auth/token/engine.ts'
import { identityEngine } from '../engines/secrets/identity/engine.ts'
import { oidcBackground, oidcPaths } from '../engines/secrets/identity/oidc/paths.ts'
import { entityIn, groupsIn } from '../engines/secrets/identity/identity.ts'
import type { OidcPorts } from '../engines/secrets/identity/oidc/ports.ts'
import { mfaPaths } from '../engines/secrets/identity/mfa/paths.ts'
import { stepUpPaths } from '../engines/secrets/identity/mfa/step-up/paths.ts'
import { sweep as sweepMfa } from '../engines/secrets/identity/mfa/sweep.ts'
import { Registry } from '../engines/registry.ts'
import { databaseEngine } from '../engines/secrets/database/engine.ts'
import { systemEngine } from '../engines/system/engine.ts'
import { eventPaths } from '../engines/system/paths/events.ts'
import { passwordBy } from '../engines/system/password-policies.ts'
import { controlGroupPaths } from '../engines/system/paths/control-group.ts'
import { explainPaths } from '../engines/system/paths/explain.ts'
import { governingPolicyPaths } from '../engines/system/paths/governing-policies.ts'
import { leasePaths } from '../engines/system/paths/leases.ts'
import { mfaValidatePaths } from '../engines/system/paths/mfa.ts'
import { lockedUserPaths } from '../engines/system/paths/locked-users.ts'
import { groupPolicyPaths } from '../engines/system/paths/group-policy.ts'
import { rootTokenPaths } from '../engines/system/paths/root-tokens.ts'
import { quotaPaths } from '../engines/system/paths/quotas.ts'
import { rawStoragePaths } from '../engines/system/paths/raw-storage.ts'
import { wrappingPaths } from '../engines/system/paths/wrapping.ts'
import type { Engine } from '../framework/engine.ts'
import type { PathDefinition, PathFlags } from '../framework/path.ts'
import { namespaceErrors } from '../errors/namespaces.ts'
import { freshBytes } from '../lib/secure/random.ts'
import { HOMES } from '../request/namespace-home.ts'
import type { Operation } from '../request/operation.ts'
import type { Namespace } from '../request/request.ts'
import type { SystemPorts } from '../request/system-ports.ts'
import { mountStorage } from '../router/mount-record.ts'
import { OUTSIDE_BARRIER } from '../seal/storage-keys.ts'
import type { House } from './house.ts'
import type { HouseOptions, Standing } from './house-options.ts'
import { storageOf } from './mount-traits.ts'

type Rooms = Pick<
  House,
  | 'store'
  | 'active'
  | 'mounts'
  | 'namespaces'
  | 'policies'
  | 'governing'
  | 'audit'
  | 'cors'
  | 'quotas'
  | 'events'
  | 'observation'
  | 'groupPolicies'
>

export interface EnginesOptions extends Pick<HouseOptions, 'rawStorage' | 'introspection' | 'apiAddress'> {
  readonly standing: Standing
  /** Of the path that a request would be for. */
  flagsOf(question: {
    readonly namespace: Namespace
    readonly path: string
    readonly operation: Operation
  }): PathFlags | undefined
  readonly pluginsOf: Registry['pluginsOf']
  /** Paths of `sys/` that only some cores have. */
  readonly more: readonly PathDefinition[]
}

export function enginesOf(
  rooms: Rooms,
  options: EnginesOptions,
): { readonly system: Engine; readonly registry: Registry } {
  const { store, active, mounts, namespaces, policies, governing, audit, cors, quotas, events } = rooms
  const { observation, groupPolicies } = rooms
  const { standing, flagsOf, pluginsOf, more, rawStorage, introspection = false, apiAddress = '' } = options
  const ports: SystemPorts = {
    mounts,
    namespaces,
    policies,
    callers: {
      byToken: (token, view) => active.tokens.byToken(token, view),
      byAccessor: (accessor, view, namespaceId) => active.tokens.byAccessor(accessor, view, namespaceId),
      allowsAddress: (caller, address) => active.tokens.allowsAddress(caller, address),
    },
    lifecycle: standing.lifecycle,
    namespaceSeals: standing.namespaceSeals,
    audit: audit.admin,
    cors,
    observe: standing.observe,
    random: freshBytes,
  }
  const system: Engine = systemEngine(ports, [
    ...leasePaths({ leases: () => active.leases, namespaces }),
    ...wrappingPaths({ wrapping: () => active.wrapping, approvals: () => active.holds }),
    ...governingPolicyPaths({ governing: governing }),
    ...controlGroupPaths({ approvals: () => active.holds }),
    ...mfaValidatePaths({ factors: (id) => active.factorsIn(id), tokens: () => active.tokens }),
    ...stepUpPaths({
      storage: ({ id }) => {
        const mount = mounts.index.at(id, 'identity/')
        if (mount === undefined) throw namespaceErrors.ABSENT()
        return mountStorage(mount)
      },
      mounts: (namespace) => mounts.of(namespace),
    }),
    ...lockedUserPaths({
      lockedUsers: () => active.lockout,
      mountOf: (accessor) => mounts.index.byAccessor(accessor),
      namespaces,
    }),
    ...quotaPaths(quotas),
    ...rootTokenPaths({ tokens: () => active.tokens }),
    ...eventPaths(events),
    ...explainPaths({
      policies,
      governing: governing,
      callers: ports.callers,
      demands: ({ namespace, path, operation }) =>
        operation === 'subscribe' || operation === 'recover' ? undefined : flagsOf({ namespace, path, operation }),
    }),
    ...groupPolicyPaths({ groupPolicies: groupPolicies }),
    ...observation.paths(pluginsOf, introspection, (mount) => storageOf(mount, mounts.engine(mount), mount)),
    ...(rawStorage ? rawStoragePaths({ outside: new Set([...OUTSIDE_BARRIER, HOMES]) }) : []),
    ...more,
  ])
  const oidc: OidcPorts = {
    apiAddress: apiAddress.replace(/\/+$/, ''),
    tokens: () => active.tokens,
    identity: {
      entity: (view, id) => entityIn(view, id, mounts.index),
      groupsOf: groupsIn,
    },
  }
  const registry = new Registry({
    system,
    token: tokenEngine({ tokens: () => active.tokens, policies, namespaces, entities: () => active.entities }),
    database: databaseEngine({
      passwords: { byPolicy: (namespace, name) => store.read((view) => passwordBy(view, namespace, name)) },
    }),
    identity: identityEngine(
      {
        mounts: { byAccessor: (accessor) => mounts.index.byAccessor(accessor) },
        hasEntity: (id, namespace) => store.read((view) => groupPolicies.hasEntity(id, namespace, view)),
      },
      [...oidcPaths(oidc), ...mfaPaths({ mounts: (namespace) => mounts.of(namespace) })],
      [oidcBackground(oidc), { everySeconds: 60, run: sweepMfa }],
    ),
  })
  return { system, registry }
}
