/** The policies: kept in storage, parsed once, compiled once for each set of them that callers hold. */
import type { Driver, Sequence } from '../storage/driver.ts'
import { DerivedCache } from '../storage/cache.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import type { Caller } from '../request/caller.ts'
import type { Operation } from '../request/operation.ts'
import type { Circumstances, SubscriberPolicyPort, Verdict } from '../request/ports.ts'
import type { NamespaceLookup } from '../request/namespace-ports.ts'
import { homeOf, withinHome } from '../request/namespace-home.ts'
import { rootNamespace, type Namespace, type Request } from '../request/request.ts'
import type { ExplainPort, Explanation, Question, Reach } from '../request/policy-ports.ts'
import type { PoliciesPort, PolicyRecord, ResultantAcl } from '../request/system-ports.ts'
import type { Clock } from '../lib/clock.ts'
import type { IdentityFacts } from '../lib/identity-template.ts'
import type { Logger } from '../lib/observe/index.ts'
import type { Acl, AclRequest } from './acl.ts'
import { builtInPolicy, defaultPolicyText } from './builtin.ts'
import { DENY } from './capability.ts'
import { compileAcl, compileOwn, compileShared, pathFor, type SharedAcl } from './compile.ts'
import { policyErrors } from './errors.ts'
import { explain } from './explain.ts'
import { governingKey } from './expressions/governing-policy.ts'
import { canonicalPolicyName, immutablePolicies } from './name.ts'
import { parsePolicy } from './parse.ts'
import type { Policy } from './policy.ts'

export interface PolicyStoreDeps {
  readonly driver: Driver
  readonly clock: Clock
  readonly log: Logger
  /** Without it there is the root namespace alone. */
  readonly namespaces?: Pick<NamespaceLookup, 'byId' | 'descend'>
}

const ROOT_PREFIX = 'core/policies/'
const OTHERS_PREFIX = 'core/namespace-policies/'

/** Policies of the root namespace lie where they lay before there were others. */
export function policyPrefix(namespaceId: string): string {
  return namespaceId === rootNamespace.id ? ROOT_PREFIX : `${homeOf(namespaceId)}${OTHERS_PREFIX}${namespaceId}/`
}

/** The cache's key of a policy is its storage key; undefined for what is no policy. */
function policyKey(storageKey: string): string | undefined {
  const key = withinHome(storageKey)
  return key.startsWith(ROOT_PREFIX) || key.startsWith(OTHERS_PREFIX) ? storageKey : undefined
}

const onlyRoot: Pick<NamespaceLookup, 'byId' | 'descend'> = {
  byId: (id) => (id === rootNamespace.id ? rootNamespace : undefined),
  descend: (namespace, path) => ({ namespace, path }),
}
const utf8 = new TextDecoder()
const NONE: Circumstances = Object.freeze({})
/** Sets of policies whose compiled form is kept. */
const ACLS = 10_000

interface Compiled {
  /** The commit up to which the policies were read. */
  readonly sequence: Sequence
  readonly acls: Map<string, KeptAcl>
}

interface KeptAcl {
  readonly shared: SharedAcl
  /** By who holds the policies, as he was at the time: they go with what is known of him. */
  readonly own: WeakMap<IdentityFacts, Acl>
}

export class PolicyStore implements SubscriberPolicyPort, PoliciesPort, ExplainPort {
  readonly #deps: PolicyStoreDeps
  readonly #parsed: DerivedCache<Policy>
  /** One entry, dropped as soon as any policy changes. */
  readonly #compiled: DerivedCache<Compiled>
  readonly #namespaces: Pick<NamespaceLookup, 'byId' | 'descend'>

  constructor(deps: PolicyStoreDeps) {
    this.#deps = deps
    this.#namespaces = deps.namespaces ?? onlyRoot
    this.#parsed = new DerivedCache(deps.driver, { prefix: '', capacity: 50_000, keyOf: policyKey })
    this.#compiled = new DerivedCache(deps.driver, {
      prefix: '',
      capacity: 1,
      keyOf: (storageKey) => (policyKey(storageKey) === undefined ? undefined : 'all'),
    })
  }

  /** What a new vault has, and each new namespace. */
  bootstrap(view: WriteView, namespace: Namespace = rootNamespace): void {
    view.put(policyPrefix(namespace.id) + 'default', Buffer.from(defaultPolicyText))
  }

  /** Forgets what was parsed, when the vault or a namespace is sealed. */
  clear(): void {
    this.#parsed.clear()
    this.#compiled.clear()
  }

  async mayHold(caller: Caller, { path, namespace, operation }: Request, view: ReadView): Promise<boolean> {
    return (await this.#aclOf(caller, view)).mayHold({ path, namespace, operation })
  }

  async mayDemandFactors(caller: Caller, { path, namespace, operation }: Request, view: ReadView): Promise<boolean> {
    return (await this.#aclOf(caller, view)).mayDemandFactors({ path, namespace, operation })
  }

  async authorize(
    caller: Caller,
    request: Request,
    operation: Operation,
    view: ReadView,
    circumstances: Circumstances = NONE,
  ): Promise<Verdict> {
    const acl = await this.#aclOf(caller, view)
    const { body, query } = request
    return acl.check({
      path: request.path,
      namespace: request.namespace,
      operation,
      parameters: body.size === 0 ? query : query.size === 0 ? body : [...query, ...body],
      wrapTtl: request.wrapTtl,
      needsSudo: circumstances.needsSudo,
      controlGroupAuthorized: circumstances.approved,
      mfaValidated: circumstances.mfaValidated,
    })
  }

  async maySubscribe(
    caller: Caller,
    { namespace, path, type }: { readonly namespace: Namespace; readonly path: string; readonly type: string },
    view: ReadView,
  ): Promise<boolean> {
    const acl = await this.#aclOf(caller, view)
    return acl.check({ path, namespace, operation: 'subscribe', eventType: type }).allowed
  }

  async mayList(caller: Caller, namespace: Namespace, path: string, view: ReadView): Promise<boolean> {
    return (await this.#aclOf(caller, view)).check({ path, namespace, operation: 'list' }).allowed
  }

  async capabilitiesOf(caller: Caller, namespace: Namespace, path: string, view: ReadView): Promise<readonly string[]> {
    const at = this.#namespaces.descend(namespace, path)
    return (await this.#aclOf(caller, view)).capabilities(at.path, at.namespace)
  }

  async resultantAcl(caller: Caller, namespace: Namespace, view: ReadView): Promise<ResultantAcl> {
    const policies = await this.#policiesOf(caller, view)
    const exactPaths = new Map<string, readonly string[]>()
    const globPaths = new Map<string, readonly string[]>()
    const acl = await this.#aclOf(caller, view)
    const template = caller.identity === undefined ? {} : { template: caller.identity }
    const own = this.#namespaces.byId(caller.namespaceId)?.path ?? ''
    for (const rulePath of policies.flatMap((policy) => policy.rules.map((rule) => pathFor(policy, rule, template)))) {
      // A rule that says nothing of this caller, or nothing of this namespace.
      const path = rulePath === undefined ? undefined : seenFrom(namespace, own, rulePath)
      if (path === undefined) continue
      if (path.endsWith('*') || path.includes('+')) {
        const bare = path.endsWith('*') ? path.slice(0, -1) : path
        globPaths.set(bare, acl.capabilities(bare, namespace))
      } else exactPaths.set(path, acl.capabilities(path, namespace))
    }
    return { root: policies.some((policy) => policy.name === 'root'), exactPaths, globPaths }
  }

  async explainCaller(caller: Caller, question: Question, view: ReadView): Promise<Explanation> {
    const policies = await this.#policiesOf(caller, view)
    const subject = { policies, identity: caller.identity, now: this.#deps.clock.now() }
    return explain(await this.#aclOf(caller, view), requestOf(question), subject)
  }

  async explainPolicies(names: readonly string[], question: Question, view: ReadView): Promise<Explanation> {
    const policies: Policy[] = []
    for (const name of new Set(names.map((one) => canonicalPolicyName(one) ?? one))) {
      const policy = await this.#policy(question.namespace, name, view)
      if (policy !== undefined) policies.push(policy)
    }
    const now = this.#deps.clock.now()
    return explain(compileAcl(policies, { now }), requestOf(question), { policies, identity: undefined, now })
  }

  async reach(question: Question, view: ReadView): Promise<readonly Reach[]> {
    const out: Reach[] = []
    for (const policy of await this.list(view, question.namespace)) {
      const explanation = await this.explainPolicies([policy], question, view)
      const denies = explanation.deciding?.capabilities.includes('deny') === true
      if (explanation.allowed || denies) out.push({ policy, explanation })
    }
    return out
  }

  async missing(names: readonly string[], namespace: Namespace, view: ReadView): Promise<readonly string[]> {
    const out: string[] = []
    for (const name of names) if ((await this.#policy(namespace, name, view)) === undefined) out.push(name)
    return out
  }

  async hasMountAccess(caller: Caller, namespace: Namespace, mountPath: string, view: ReadView): Promise<boolean> {
    const policies = await this.#policiesOf(caller, view)
    const own = this.#namespaces.byId(caller.namespaceId)
    if (own === undefined || !namespace.path.startsWith(own.path)) return false
    if (policies.some((policy) => policy.name === 'root')) return true
    const below = namespace.path.slice(own.path.length)
    const rules = policies.flatMap((policy) => policy.rules).filter((rule) => rule.permissions.capabilities !== DENY)
    return rules.some((rule) => crosses(rule.path, below.length) && reaches(rule.path, `${below}${mountPath}`))
  }

  async list(view: ReadView, { id }: Namespace): Promise<readonly string[]> {
    const names = await view.list(policyPrefix(id))
    return id === rootNamespace.id ? [...names, 'root'] : names
  }

  async get(view: ReadView, namespace: Namespace, name: string): Promise<PolicyRecord | undefined> {
    const canonical = canonicalPolicyName(name)
    if (canonical === undefined) return undefined
    if (immutablePolicies.has(canonical)) {
      const builtIn = builtInPolicy(canonical, namespace)
      return builtIn && { name: canonical, text: builtIn.text }
    }
    const bytes = await view.get(policyPrefix(namespace.id) + canonical)
    return bytes === undefined ? undefined : { name: canonical, text: utf8.decode(bytes) }
  }

  async put(view: WriteView, namespace: Namespace, name: string, text: string): Promise<void> {
    const canonical = this.#writableName(name, 'update')
    parsePolicy(canonical, text, namespace)
    // Both are held by name.
    if ((await view.get(governingKey(namespace.id, 'rgp', canonical))) !== undefined) throw policyErrors.NAME_TAKEN()
    view.put(policyPrefix(namespace.id) + canonical, Buffer.from(text))
  }

  async delete(view: WriteView, namespace: Namespace, name: string): Promise<void> {
    const canonical = this.#writableName(name, 'delete')
    if (canonical === 'default') throw policyErrors.DEFAULT_STAYS()
    view.delete(policyPrefix(namespace.id) + canonical)
  }

  #writableName(name: string, verb: 'update' | 'delete'): string {
    const canonical = canonicalPolicyName(name)
    if (canonical === undefined) throw policyErrors.NAME()
    if (immutablePolicies.has(canonical)) throw policyErrors.IMMUTABLE({ verb, name: canonical })
    return canonical
  }

  async #aclOf(caller: Caller, view: ReadView): Promise<Acl> {
    // Unambiguous whatever stands in a name: two lists of policies must never share what was compiled for one.
    const { namespaceId } = caller
    const own = caller.confined === undefined ? caller.policies : { confined: caller.confined.policy }
    const { elsewhere } = caller
    const key = JSON.stringify(
      elsewhere !== undefined
        ? [namespaceId, own, elsewhere]
        : namespaceId === rootNamespace.id
          ? own
          : [namespaceId, own],
    )
    const compiled = this.#compiled.get('all')
    const usable = compiled !== undefined && view.sequence >= compiled.sequence ? compiled : undefined
    const known = usable?.acls.get(key)
    if (known !== undefined && this.#holds(known.shared.acl)) return this.#ownAcl(caller, known)
    const shared = compileShared(await this.#policiesOf(caller, view), this.#deps.clock.now())
    const kept = { shared, own: new WeakMap<IdentityFacts, Acl>() }
    this.#keep(key, kept, usable, view)
    return this.#ownAcl(caller, kept)
  }

  #holds({ validUntil }: Acl): boolean {
    return validUntil === undefined || validUntil > this.#deps.clock.now()
  }

  #ownAcl({ identity }: Caller, { shared, own }: KeptAcl): Acl {
    if (shared.templated.length === 0 || identity === undefined) return shared.acl
    const known = own.get(identity)
    if (known !== undefined && this.#holds(known)) return known
    const acl = compileOwn(shared, {
      template: identity,
      now: this.#deps.clock.now(),
      onDropped: ({ policy, path, selector, why }) => {
        // That somebody lacks a value is usual; that he has such a one is odd.
        if (why === 'unsafe') this.#deps.log.warn('a rule of a policy is not applied', { policy, path, selector })
      },
    })
    own.set(identity, acl)
    return acl
  }

  #keep(key: string, acl: KeptAcl, usable: Compiled | undefined, view: ReadView): void {
    let into = usable
    if (into === undefined) {
      into = { sequence: view.sequence, acls: new Map() }
      // Refused where a policy changed after this view: what is compiled from it serves this request only.
      if (!this.#compiled.fill('all', view.sequence, into)) return
    } else if (this.#compiled.get('all') !== into) return
    if (into.acls.size >= ACLS) into.acls.clear()
    into.acls.set(key, acl)
  }

  /** Those of the caller's own namespace, whose names mean nothing in any other; and what groups of others grant him there. */
  async #policiesOf(caller: Caller, view: ReadView): Promise<readonly Policy[]> {
    const namespace = this.#namespaces.byId(caller.namespaceId)
    if (namespace === undefined) return []
    if (caller.confined !== undefined) return [parsePolicy('', caller.confined.policy, namespace)]
    const out: Policy[] = []
    for (const name of caller.policies) {
      const policy = await this.#policy(namespace, name, view)
      if (policy !== undefined) out.push(policy)
    }
    for (const grant of caller.elsewhere ?? []) {
      const there = this.#namespaces.byId(grant.namespaceId)
      for (const name of there === undefined ? [] : grant.policies) {
        const policy = there && (await this.#policy(there, name, view))
        if (policy !== undefined) out.push(policy)
      }
    }
    return out
  }

  /** Undefined for a name on a token whose policy does not exist (any more): it grants nothing. */
  async #policy(namespace: Namespace, name: string, view: ReadView): Promise<Policy | undefined> {
    const canonical = canonicalPolicyName(name)
    if (canonical === undefined) return undefined
    if (immutablePolicies.has(canonical)) return builtInPolicy(canonical, namespace)
    const key = policyPrefix(namespace.id) + canonical
    const cached = this.#parsed.get(key)
    if (cached !== undefined) return cached
    const bytes = await view.get(key)
    if (bytes === undefined) return undefined
    try {
      const policy = parsePolicy(canonical, utf8.decode(bytes), namespace)
      this.#parsed.fill(key, view.sequence, policy)
      return policy
    } catch {
      // Written by another version. Failing closed must also keep its denials, which can't be read: the request is refused.
      this.#deps.log.error('a stored policy cannot be read', { policy: canonical })
      throw policyErrors.UNREADABLE()
    }
  }
}

/** A rule's path as seen from a namespace; undefined where it speaks of nothing in there. `*` alone is written for all below its own. */
function seenFrom(namespace: Namespace, own: string, rulePath: string): string | undefined {
  const { path } = namespace
  if (rulePath === '*' && path.startsWith(own)) return '*'
  const full = own + rulePath
  return full.startsWith(path) ? full.slice(path.length) : undefined
}

/** Whether a rule counts in a namespace below its own whose path has that length: a wildcard never stands for a namespace's name. */
function crosses(rulePath: string, length: number): boolean {
  if (length === 0 || rulePath === '*') return true
  const wildcard = rulePath.search(/\*$|\+|\{\{/)
  return wildcard === -1 || wildcard >= length
}

function requestOf({ namespace, path, operation, parameters, wrapTtl, needsSudo }: Question): AclRequest {
  return { path, namespace, operation, parameters, wrapTtl, needsSudo }
}

/** Whether a rule's path can match the mount's path or something below it. A template's value can be anything. */
function reaches(rulePath: string, mountPath: string): boolean {
  const isPrefix = rulePath.endsWith('*')
  const rule = (isPrefix ? rulePath.slice(0, -1) : rulePath).split('/')
  const mount = mountPath.replace(/\/$/, '').split('/')
  for (const [index, segment] of mount.entries()) {
    const own = rule[index]
    // A rule that ends above the mount reaches it only as a prefix.
    if (own === undefined) return isPrefix
    if (own === '+' || own.includes('{{') || own === segment) continue
    return isPrefix && index === rule.length - 1 && segment.startsWith(own)
  }
  return true
}
