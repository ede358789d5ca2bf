/** The rules of all policies of one caller, compiled for asking. Immutable. */
import type { Verdict } from '../request/ports.ts'
import type { Namespace } from '../request/request.ts'
import type { CapabilitySet } from './capability.ts'
import { DENY, namesOf, neededFor, SUDO } from './capability.ts'
import type { Conditions } from './conditions.ts'
import { unmetCondition } from './conditions.ts'
import type { AclEntry } from './compile.ts'
import { foldPath } from './fold-path.ts'
import { Matcher } from './matcher.ts'
import { holdOf } from './hold.ts'
import type { GrantingPolicy, Merged, OwnControlGroup } from './merge.ts'
import { comparePriority } from './pattern.ts'

export interface AclRequest extends Conditions {
  /** Canonical, relative to the namespace. A list or scan ends with `/`. */
  readonly path: string
  /** The root namespace unless given. */
  readonly namespace?: Namespace
  /** The caller passed the rule's MFA methods, or was authorized by its control group, for this very request. */
  readonly mfaValidated?: boolean | undefined
  readonly controlGroupAuthorized?: boolean | undefined
  /** The path needs sudo besides the operation's capability. */
  readonly needsSudo?: boolean | undefined
}

export interface Decision extends Verdict {
  readonly grantingPolicies: readonly GrantingPolicy[]
  /** Keys a list or scan may return at a time: the reply's maker has to hold to it. */
  readonly paginationLimit: number | undefined
  /** The path, as the policy has it, of the rule that decided; for logs. */
  readonly rule: string | undefined
  /** Why not; for logs, never for the caller. */
  readonly reason: string | undefined
  /** What the rule asks for before it allows. */
  readonly mfaMethods: readonly string[]
  readonly controlGroups: readonly OwnControlGroup[]
}

const NOTHING: Decision = Object.freeze({
  allowed: false,
  sudo: false,
  isRoot: false,
  grantingPolicies: [],
  minWrappingTtl: undefined,
  maxWrappingTtl: undefined,
  paginationLimit: undefined,
  rule: undefined,
  reason: 'no rule matches',
  mfaMethods: [],
  controlGroups: [],
})
const HELP: Decision = Object.freeze({ ...NOTHING, allowed: true, reason: undefined })

export class Acl {
  /** Wall clock, ms, of the next expiration of a rule: from then on this ACL is out of date and has to be compiled anew. */
  readonly validUntil: number | undefined
  readonly #root: Namespace | undefined
  /** Of two layers with a rule for the same path the first counts. */
  readonly #layers: readonly Layer[]
  readonly #denies: boolean
  /** Some rule has a control group. */
  readonly #holds: boolean

  constructor(layers: readonly (Rules | Layer)[], root: Namespace | undefined, validUntil: number | undefined) {
    this.#layers = layers.map((one) => (one instanceof Layer ? one : new Layer(one)))
    this.#denies = this.#layers.some(({ denials }) => denials.size > 0)
    this.#holds = this.#layers.some(({ holds }) => holds)
    this.#root = root
    this.validUntil = validUntil
  }

  /** The same with further rules; one for a path that is here already has to contain what is here. */
  under(rules: Rules, validUntil: number | undefined): Acl {
    return new Acl([rules, ...this.#layers], this.#root, validUntil)
  }

  check(request: AclRequest): Decision {
    const { operation, path, namespace } = request
    if (this.#root !== undefined) return this.#checkRoot(this.#root, namespace)
    if (operation === 'help') return HELP
    const entry = this.#find(path, namespace, operation === 'list' || operation === 'scan')
    return entry === undefined ? NOTHING : decide(entry, request, neededFor(operation))
  }

  /** Whether the rule for a path demands second factors, whatever else it says. */
  mayDemandFactors({ operation, path, namespace }: AclRequest): boolean {
    if (this.#root !== undefined || operation === 'help') return false
    const entry = this.#find(path, namespace, operation === 'list' || operation === 'scan')
    return entry !== undefined && entry.permissions.mfaMethods.length > 0
  }

  /**
   * The rule by which `check` decides, and all others that take the path, the nearest first, for telling why. Empty for one who may do
   * everything, and where no rule takes the path.
   */
  matching({ operation, path, namespace }: AclRequest): readonly AclEntry[] {
    if (this.#root !== undefined || operation === 'help') return []
    const listing = operation === 'list' || operation === 'scan'
    const decisive = this.#find(path, namespace, listing)
    const prefix = namespace?.path ?? ''
    const full = prefix + path.replace(/^\/+/, '')
    const spellings = listing && full.endsWith('/') ? [full, full.slice(0, -1)] : [full]
    const found = new Map<string, AclEntry>()
    if (decisive !== undefined) found.set(decisive.path, decisive)
    for (const spelling of spellings) {
      for (const { rules, denials } of this.#layers) {
        const own = [...denials.all(foldPath(spelling), prefix.length), ...rules.all(spelling, prefix.length)]
        for (const entry of own) if (!found.has(entry.path)) found.set(entry.path, entry)
      }
    }
    const [first, ...others] = found.values()
    return first === undefined ? [] : [first, ...others.toSorted((a, b) => nearness(b, a))]
  }

  /** Whether a control group holds some operation at the path. */
  mayHold({ path, namespace, operation }: Pick<AclRequest, 'path' | 'namespace' | 'operation'>): boolean {
    if (!this.#holds || this.#root !== undefined) return false
    const entry = this.#find(path, namespace, operation === 'list' || operation === 'scan')
    return entry !== undefined && entry.permissions.controlGroups.length > 0
  }

  /** Names in the order of the alphabet; `["root"]`, or `["deny"]` where nothing is granted. Conditions of rules are not looked at. */
  capabilities(path: string, namespace?: Namespace): readonly string[] {
    if (this.#root !== undefined) return this.#checkRoot(this.#root, namespace).allowed ? ['root'] : ['deny']
    // A list and a scan find rules that others don't, just as in a check.
    const listing = this.#find(path, namespace, true)?.permissions.capabilities ?? 0
    const others = this.#find(path, namespace, false)?.permissions.capabilities ?? 0
    const set = (listing & LISTING) | (others & ~LISTING & ~DENY)
    return set === 0 ? ['deny'] : namesOf(set)
  }

  #checkRoot(root: Namespace, namespace: Namespace | undefined): Decision {
    if (!(namespace?.path ?? '').startsWith(root.path)) return NOTHING
    return {
      ...HELP,
      sudo: true,
      isRoot: true,
      rule: '*',
      grantingPolicies: [{ name: 'root', namespaceId: root.id, type: 'acl' }],
    }
  }

  /** Exact rules before others; of the others the one of the highest priority. `listing` also finds rules without the trailing slash. */
  #find(requestPath: string, namespace: Namespace | undefined, listing: boolean): AclEntry | undefined {
    const prefix = namespace?.path ?? ''
    const path = prefix + (requestPath.startsWith('/') ? requestPath.replace(/^\/+/, '') : requestPath)
    const bare = listing && path.endsWith('/') ? path.slice(0, -1) : undefined
    return (
      this.#exact(path, prefix.length) ??
      (bare === undefined ? undefined : this.#exact(bare, prefix.length)) ??
      this.#nonExact(path, prefix.length) ??
      (bare === undefined ? undefined : this.#nonExact(bare, prefix.length))
    )
  }

  #exact(path: string, namespaceLength: number): AclEntry | undefined {
    if (this.#denies) {
      const folded = foldPath(path)
      for (const { denials } of this.#layers) {
        const denied = denials.exact(folded, namespaceLength)
        if (denied !== undefined) return denied
      }
    }
    for (const { rules } of this.#layers) {
      const rule = rules.exact(path, namespaceLength)
      if (rule !== undefined) return rule
    }
    return undefined
  }

  #nonExact(path: string, namespaceLength: number): AclEntry | undefined {
    const folded = this.#denies ? foldPath(path) : path
    let rule: AclEntry | undefined
    let denied: AclEntry | undefined
    for (const layer of this.#layers) {
      rule = nearer(rule, layer.rules.nonExact(path, namespaceLength))
      if (this.#denies) denied = nearerDenial(denied, layer.denials.nonExact(folded, namespaceLength))
    }
    if (rule === undefined || denied === undefined) return denied ?? rule
    return comparePriority(denied.folded, rule.folded) >= 0 ? denied : rule
  }
}

export interface Rules {
  readonly rules: readonly AclEntry[]
  /** Those of them that deny. */
  readonly denials: readonly AclEntry[]
}

class Layer {
  readonly rules: Matcher<AclEntry>
  /** Rules that deny, in folded form: a deny also keeps out other spellings of the same name. */
  readonly denials: Matcher<AclEntry>
  readonly holds: boolean

  constructor({ rules, denials }: Rules) {
    this.holds = rules.some(({ permissions }) => permissions.controlGroups.length > 0)
    this.rules = new Matcher(rules, false)
    this.denials = new Matcher(denials, true)
  }
}

/** The first where both are for the same path. */
function nearer(a: AclEntry | undefined, b: AclEntry | undefined): AclEntry | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return comparePriority(a.pattern, b.pattern) >= 0 ? a : b
}

function nearerDenial(a: AclEntry | undefined, b: AclEntry | undefined): AclEntry | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return comparePriority(a.folded, b.folded) >= 0 ? a : b
}

/** Exact rules before others. */
function nearness(a: AclEntry, b: AclEntry): number {
  const exactness = Number(a.pattern.kind === 'exact') - Number(b.pattern.kind === 'exact')
  return exactness === 0 ? comparePriority(a.pattern, b.pattern) : exactness
}

const LISTING: CapabilitySet = neededFor('list') | neededFor('scan')

function decide(entry: AclEntry, request: AclRequest, needed: CapabilitySet): Decision {
  const { permissions, path } = entry
  const { capabilities } = permissions
  const granted = (capabilities & needed) !== 0
  const unmet = granted ? unmetBesides(permissions, request) : undefined
  const hold = granted && unmet === undefined ? holdOf(permissions, request) : undefined
  const isHeld = hold !== undefined && request.controlGroupAuthorized !== true
  const reason = !granted
    ? capabilities === DENY
      ? 'an explicit deny'
      : `the rule lacks the capability ${request.operation}`
    : (unmet ?? (isHeld ? 'the rule requires the authorization of a control group' : undefined))
  return {
    allowed: reason === undefined,
    sudo: (capabilities & SUDO) !== 0,
    isRoot: false,
    grantingPolicies: granted ? (permissions.granting.get(needed) ?? []) : [],
    minWrappingTtl: permissions.minWrappingTtl,
    maxWrappingTtl: permissions.maxWrappingTtl,
    paginationLimit: permissions.paginationLimit,
    hold,
    rule: path,
    reason,
    mfaMethods: permissions.mfaMethods,
    controlGroups: permissions.controlGroups,
  }
}

/** What the rule asks for besides its capability and its control groups. */
function unmetBesides(permissions: Merged, request: AclRequest): string | undefined {
  const condition = unmetCondition(permissions, request)
  if (condition !== undefined) return condition
  return permissions.mfaMethods.length > 0 && request.mfaValidated !== true ? 'the rule requires MFA' : undefined
}
