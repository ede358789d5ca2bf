import { renderIdentityTemplate, type IdentityFacts } from '../lib/identity-template.ts'
import { Acl } from './acl.ts'
import { DENY } from './capability.ts'
import { policyErrors } from './errors.ts'
import { foldPath } from './fold-path.ts'
import type { Entry } from './matcher.ts'
import type { Merged } from './merge.ts'
import { grantOf, merge } from './merge.ts'
import type { Pattern } from './pattern.ts'
import { parsePattern } from './pattern.ts'
import type { PathRule, Policy } from './policy.ts'

export interface AclEntry extends Entry {
  /** As written, with the namespace's path before it. */
  readonly path: string
  readonly permissions: Merged
  /** The pattern of other spellings. */
  readonly folded: Pattern
}

export interface DroppedRule {
  readonly policy: string
  readonly path: string
  readonly selector: string
  /** The caller has no such value, or one that would act as a separator, a wildcard or a template. */
  readonly why: 'absent' | 'unsafe'
}

export interface CompileOptions {
  /** Of the caller; without it rules with templates grant nothing. */
  readonly template?: IdentityFacts
  /** Told of each rule with a template that does not apply. Values are not part of it. */
  readonly onDropped?: (dropped: DroppedRule) => void
  /** Wall clock, ms, for rules that expire. */
  readonly now?: number
}

/** What a set of policies grants whoever holds them, and what depends on who that is. */
export interface SharedAcl {
  /** Of a holder without an entity. */
  readonly acl: Acl
  /** The rules with templates; with none of them the ACL is everybody's. */
  readonly templated: readonly Bound[]
  readonly entries: ReadonlyMap<string, AclEntry>
}

interface Bound {
  readonly policy: Policy
  readonly rule: PathRule
}

/**
 * The ACL of a caller who holds these policies. Throws `POLICY_ROOT_NOT_ALONE` if `root` is one of several.
 * Valid until the earliest `expiration` of its rules, see `Acl.validUntil`.
 */
export function compileAcl(policies: readonly Policy[], options: CompileOptions = {}): Acl {
  return compileOwn(compileShared(policies, options.now), options)
}

/** `now`: wall clock, ms, for rules that expire. */
export function compileShared(policies: readonly Policy[], now = Number.NEGATIVE_INFINITY): SharedAcl {
  const root = policies.find((policy) => policy.name === 'root')
  if (root !== undefined && policies.length > 1) throw policyErrors.ROOT_NOT_ALONE()
  const entries = new Map<string, AclEntry>()
  const templated: Bound[] = []
  let validUntil: number | undefined
  for (const policy of policies) {
    for (const rule of policy.rules) {
      if (isOver(rule, now)) continue
      if (rule.template === undefined) {
        validUntil = sooner(validUntil, rule.expiresAt)
        add(entries, entries, policy.namespace.path + rule.path, { policy, rule })
      } else templated.push({ policy, rule })
    }
  }
  const all = [...entries.values()]
  return { acl: new Acl([{ rules: all, denials: denials(all) }], root?.namespace, validUntil), templated, entries }
}

/** The ACL of one holder: his own rules before those he shares with others. */
export function compileOwn(shared: SharedAcl, options: CompileOptions): Acl {
  const { acl, templated, entries } = shared
  const now = options.now ?? Number.NEGATIVE_INFINITY
  const own = new Map<string, AclEntry>()
  let { validUntil } = acl
  for (const { policy, rule } of templated) {
    if (isOver(rule, now)) continue
    const path = pathFor(policy, rule, options)
    if (path === undefined) continue
    validUntil = sooner(validUntil, rule.expiresAt)
    add(own, entries, policy.namespace.path + path, { policy, rule })
  }
  const all = [...own.values()]
  return all.length === 0 ? acl : acl.under({ rules: all, denials: denials(all) }, validUntil)
}

export function isOver(rule: PathRule, now: number): boolean {
  return rule.expiresAt !== undefined && rule.expiresAt <= now
}

function sooner(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
}

/** `below`: rules that a rule for the same path adds to. */
function add(
  entries: Map<string, AclEntry>,
  below: ReadonlyMap<string, AclEntry>,
  path: string,
  { policy, rule }: Bound,
): void {
  const existing = entries.get(path) ?? below.get(path)
  const granted = grantOf(policy, rule.permissions)
  const universal = path === `${policy.namespace.path}*`
  const pattern = existing?.pattern ?? parsePattern(path)
  const written = policy.namespace.path.length + (rule.template?.texts[0]?.length ?? Infinity)
  const reach = Math.min(existing?.reach ?? Infinity, pattern.firstWildcard, written)
  if (existing !== undefined) {
    entries.set(path, {
      ...existing,
      reach,
      universal: universal || existing.universal,
      permissions: merge(existing.permissions, granted),
    })
    return
  }
  const folded = foldPath(pattern.text)
  const same = folded === pattern.text
  entries.set(path, {
    path,
    pattern,
    folded: same ? pattern : parsePattern(pattern.isPrefix ? `${folded}*` : folded),
    universal,
    reach,
    permissions: granted,
  })
}

function denials(entries: readonly AclEntry[]): readonly AclEntry[] {
  return entries
    .filter((entry) => entry.permissions.capabilities === DENY)
    .map((entry) => ({ ...entry, pattern: entry.folded }))
}

/** The rule's path for this caller; undefined if it does not apply. */
export function pathFor(policy: Policy, rule: PathRule, options: CompileOptions): string | undefined {
  const { template } = rule
  if (template === undefined) return rule.path
  const context = options.template ?? NOBODY
  const rendered = renderIdentityTemplate(template, context, { mode: 'acl', namespaceId: policy.namespace.id })
  if (rendered.kind === 'text') return rendered.text
  options.onDropped?.({ policy: policy.name, path: rule.path, selector: rendered.selector, why: rendered.kind })
  // A deny must not vanish because its subject chose an odd name: then it covers all that it might have meant.
  const widened = rendered.kind === 'unsafe' && rule.permissions.capabilities === DENY
  return widened ? `${template.texts[0] ?? ''}*` : undefined
}

const NOBODY: IdentityFacts = { entity: undefined, groups: [] }
