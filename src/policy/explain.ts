/**
 * Why a request is allowed or not. The verdict is that of the ACL itself; what is added is whose rules they are, and where they stand.
 */
import type { Explanation, ExplainedRule, RuleSource } from '../request/policy-ports.ts'
import type { IdentityFacts } from '../lib/identity-template.ts'
import type { Acl, AclRequest, Decision } from './acl.ts'
import { namesOf } from './capability.ts'
import { isOver, pathFor, type AclEntry } from './compile.ts'
import type { ControlGroupFactor, PathRule, Policy } from './policy.ts'

export interface Subject {
  readonly policies: readonly Policy[]
  /** Of who holds them; without it, rules with templates say nothing. */
  readonly identity: IdentityFacts | undefined
  /** Wall clock, ms. */
  readonly now: number
}

/** `acl` is what was compiled of the subject's policies. */
export function explain(acl: Acl, request: AclRequest, subject: Subject): Explanation {
  const decision = acl.check(request)
  const { sources, unapplied } = placesOf(subject)
  const rules = acl.matching(request).map((entry) => told(entry, sources))
  const [deciding, ...others] = rules
  return {
    allowed: decision.allowed,
    held: decision.hold !== undefined,
    sudo: decision.sudo,
    root: decision.isRoot,
    reason: reasonOf(decision, request, deciding),
    granting: decision.grantingPolicies.map(({ name }) => name),
    deciding,
    others,
    unapplied,
  }
}

function told(entry: AclEntry, sources: ReadonlyMap<string, readonly RuleSource[]>): ExplainedRule {
  const { path, pattern, permissions } = entry
  return {
    path,
    match: pattern.kind,
    capabilities: namesOf(permissions.capabilities),
    conditions: conditionsOf(entry),
    sources: sources.get(path) ?? [],
  }
}

/** What a rule asks for beyond its capabilities; names, never values. */
function conditionsOf({ permissions }: AclEntry): readonly string[] {
  const names = (rules: ReadonlyMap<string, unknown>): string => [...rules.keys()].toSorted().join(', ')
  return [
    permissions.allowedParameters.size === 0 ? '' : `allowed_parameters: ${names(permissions.allowedParameters)}`,
    permissions.deniedParameters.size === 0 ? '' : `denied_parameters: ${names(permissions.deniedParameters)}`,
    permissions.requiredParameters.length === 0
      ? ''
      : `required_parameters: ${permissions.requiredParameters.join(', ')}`,
    permissions.minWrappingTtl === undefined ? '' : `min_wrapping_ttl: ${permissions.minWrappingTtl}s`,
    permissions.maxWrappingTtl === undefined ? '' : `max_wrapping_ttl: ${permissions.maxWrappingTtl}s`,
    permissions.paginationLimit === undefined ? '' : `pagination_limit: ${permissions.paginationLimit}`,
    permissions.subscribeEventTypes.length === 0
      ? ''
      : `subscribe_event_types: ${permissions.subscribeEventTypes.join(', ')}`,
    permissions.mfaMethods.length === 0 ? '' : `mfa_methods: ${permissions.mfaMethods.join(', ')}`,
    ...permissions.controlGroups.flatMap(({ factors }) => factors.map(toldFactor)),
  ].filter((text) => text !== '')
}

/** `control_group: factor "ops" holds read until 2 of managers authorize it`. */
function toldFactor(factor: ControlGroupFactor): string {
  const { name, groupNames, groupIds, approvals, controlledCapabilities } = factor
  const held = controlledCapabilities === 0 ? 'every operation' : namesOf(controlledCapabilities).join(', ')
  const groups = [...groupNames, ...groupIds].join(', ')
  const members = Math.max(1, approvals)
  return `control_group: factor "${name}" holds ${held} until ${members} of ${groups} ${members === 1 ? 'authorizes' : 'authorize'} it`
}

function reasonOf(
  { allowed, isRoot, reason }: Decision,
  { operation }: AclRequest,
  deciding: ExplainedRule | undefined,
): string {
  if (isRoot) return 'the root policy allows everything'
  if (allowed) return operation === 'help' ? 'help needs no capability' : `the rule grants ${operation}`
  if (deciding === undefined) return 'no rule takes the path'
  return reason ?? 'the rule does not allow it'
}

interface Places {
  /** By the path that a rule has for this subject. */
  readonly sources: ReadonlyMap<string, readonly RuleSource[]>
  /** Rules that say nothing of this subject, whatever the path. */
  readonly unapplied: readonly { readonly source: RuleSource; readonly why: string }[]
}

const WHY = {
  absent: 'its template has no value for the holder',
  unsafe: 'the value for its template could stand for other paths',
} as const

function placesOf({ policies, identity, now }: Subject): Places {
  const sources = new Map<string, RuleSource[]>()
  const unapplied: { source: RuleSource; why: string }[] = []
  for (const policy of policies) {
    for (const rule of policy.rules) {
      const source = sourceOf(policy, rule)
      let why: string = isOver(rule, now) ? 'it has expired' : ''
      const path =
        why === ''
          ? pathFor(policy, rule, {
              ...(identity === undefined ? {} : { template: identity }),
              onDropped: (dropped) => (why = WHY[dropped.why]),
            })
          : undefined
      // A denial that its template widened applies after all.
      if (path === undefined) unapplied.push({ source, why })
      else {
        const full = policy.namespace.path + path
        sources.set(full, [...(sources.get(full) ?? []), source])
      }
    }
  }
  return { sources, unapplied }
}

function sourceOf(policy: Policy, rule: PathRule): RuleSource {
  return {
    policy: policy.name,
    line: rule.line,
    path: rule.path,
    capabilities: namesOf(rule.permissions.capabilities),
  }
}
