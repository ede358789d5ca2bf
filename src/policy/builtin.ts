/** Policies that every server has. */
import { rootNamespace, type Namespace } from '../request/request.ts'
import { parsePolicy } from './parse.ts'
import type { Policy } from './policy.ts'

/** Everything, in the namespace and those below it. It has no text. */
export function rootPolicy(namespace: Namespace): Policy {
  return Object.freeze({
    name: 'root',
    namespace,
    text: '',
    rules: Object.freeze([]),
    templated: false,
    warnings: Object.freeze([]),
  })
}

/** What every token may do unless it was made without: see to itself. Written at initialisation; operators may change it. */
export const defaultPolicyText = `# A token may look at itself, make itself last longer, and end itself.
path "auth/token/lookup-self" {
  capabilities = ["read"]
}

path "auth/token/renew-self" {
  capabilities = ["update"]
}

path "auth/token/revoke-self" {
  capabilities = ["update"]
}

# It may ask what it may do, on given paths or on all.
path "sys/capabilities-self" {
  capabilities = ["update"]
}

path "sys/internal/ui/resultant-acl" {
  capabilities = ["read"]
}

# It may read the entity it belongs to.
path "identity/entity/id/{{identity.entity.id}}" {
  capabilities = ["read"]
}

path "identity/entity/name/{{identity.entity.name}}" {
  capabilities = ["read"]
}

# Whoever knows a lease's id may look it up and renew it. sys/renew is for old clients.
path "sys/renew" {
  capabilities = ["update"]
}

path "sys/leases/renew" {
  capabilities = ["update"]
}

path "sys/leases/lookup" {
  capabilities = ["update"]
}

# Its cubbyhole is its own.
path "cubbyhole/*" {
  capabilities = ["create", "read", "update", "delete", "list"]
}

# It may wrap values, and look up and unwrap wrapping tokens that it was given.
path "sys/wrapping/wrap" {
  capabilities = ["update"]
}

path "sys/wrapping/lookup" {
  capabilities = ["update"]
}

path "sys/wrapping/unwrap" {
  capabilities = ["update"]
}

# Hashing needs no secret.
path "sys/tools/hash" {
  capabilities = ["update"]
}

path "sys/tools/hash/*" {
  capabilities = ["update"]
}

# It may see how far the approval of its own request has come.
path "sys/control-group/request" {
  capabilities = ["update"]
}

# It may log in to applications that use this server as their OIDC provider.
path "identity/oidc/provider/+/authorize" {
  capabilities = ["read", "update"]
}
`

const wrappingText = `path "cubbyhole/response" {
  capabilities = ["create", "read"]
}

path "sys/wrapping/unwrap" {
  capabilities = ["update"]
}
`

const controlGroupText = `path "cubbyhole/control-group" {
  capabilities = ["create", "read", "update"]
}

path "sys/wrapping/unwrap" {
  capabilities = ["update"]
}
`

/** Of a wrapping token: it can be unwrapped and nothing else. */
export function responseWrappingPolicy(namespace: Namespace): Policy {
  return parsePolicy('response-wrapping', wrappingText, namespace)
}

/** Of a token that waits for a control group. */
export function controlGroupPolicy(namespace: Namespace): Policy {
  return parsePolicy('control-group', controlGroupText, namespace)
}

/** Root is of the root namespace alone: in others nobody has all of it, but who was given all of it by a rule. */
export function builtInPolicy(name: string, namespace: Namespace): Policy | undefined {
  if (name === 'root') return namespace.id === rootNamespace.id ? ROOT : undefined
  const make = name === 'response-wrapping' ? responseWrappingPolicy : controlGroupPolicy
  const known = made.get(namespace)?.get(name)
  if (known !== undefined) return known
  const policy = make(namespace)
  made.set(namespace, new Map([...(made.get(namespace) ?? []), [name, policy]]))
  return policy
}

const ROOT = rootPolicy(rootNamespace)
/** By the row of the namespace. */
const made = new WeakMap<Namespace, ReadonlyMap<string, Policy>>()
