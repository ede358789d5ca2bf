/** Governing policies: kept in storage, parsed once, and asked of each request that they are for. */
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/observe/index.ts'
import type {
  Governed,
  GoverningFailure,
  GoverningPaths,
  GoverningPort,
  GoverningRecord,
  GoverningType,
} from '../../request/governing-ports.ts'
import type { NamespaceLookup } from '../../request/namespace-ports.ts'
import { withinHome } from '../../request/namespace-home.ts'
import { rootNamespace, type Namespace } from '../../request/request.ts'
import { DerivedCache } from '../../storage/cache.ts'
import type { Driver, Sequence } from '../../storage/driver.ts'
import type { ReadView, WriteView } from '../../storage/view.ts'
import { policyErrors } from '../errors.ts'
import { canonicalPolicyName, immutablePolicies } from '../name.ts'
import {
  canonicalPaths,
  decodeGoverning,
  encodeGoverning,
  GOVERNING_PREFIX,
  governingKey,
  governingPrefix,
} from './governing-policy.ts'
import type * as evaluation from './evaluator.ts'
import type { Input } from './input.ts'
import type { Failure, Program } from './program.ts'
import { loadRules, type GoverningPolicy, type GoverningRules } from './rules.ts'

export interface GoverningStoreDeps {
  readonly driver: Driver
  readonly clock: Clock
  readonly log: Logger
  readonly namespaces: Pick<NamespaceLookup, 'byId'>
  /** Where the ACL policy of a name lies: role governing policies are held by name, too, so that one name is one policy. */
  readonly aclKey: (namespaceId: string, name: string) => string
  /** Folders of the namespaces that are answered for, another list whenever they change; empty is that of all that have none. */
  homes?(): readonly string[]
}

const NO_HOMES: readonly string[] = ['']

type Evaluator = typeof evaluation

/** Loaded once. */
function evaluator(): Promise<Evaluator> {
  return import('./evaluator.ts')
}

/** Work after which others get their turn before the next policy is asked, units. */
const TURN = 5000
/** Expressions that are kept parsed, whatever became of the policies that had them. */
const PROGRAMS = 2000

export class GoverningStore implements GoverningPort, GoverningPaths {
  readonly #deps: GoverningStoreDeps
  /** One entry, dropped as soon as any policy changes. */
  readonly #rules: DerivedCache<GoverningRules>
  readonly #programs = new Map<string, Program>()

  constructor(deps: GoverningStoreDeps) {
    this.#deps = deps
    this.#rules = new DerivedCache(deps.driver, {
      prefix: '',
      capacity: 1,
      keyOf: (key) => (withinHome(key).startsWith(GOVERNING_PREFIX) ? 'all' : undefined),
    })
  }

  /** At the unsealing: what there is of policies is read before anybody waits for it. */
  async load(view: ReadView): Promise<void> {
    await this.#rulesOf(view)
  }

  /** Forgets what was parsed, at seal. */
  clear(): void {
    this.#rules.clear()
    this.#programs.clear()
  }

  // GoverningPort

  isIdle(sequence: Sequence | undefined): boolean {
    const rules = this.#known()
    return rules !== undefined && rules.isEmpty && (sequence === undefined || sequence >= rules.sequence)
  }

  async failuresOf(governed: Governed, view: ReadView): Promise<readonly GoverningFailure[]> {
    const { request, caller, override } = governed
    const rules = await this.#rulesOf(view)
    if (rules.isEmpty) return []
    const asked = [
      ...(caller === undefined ? [] : rules.ofHolder(caller.namespaceId, caller.policies)),
      ...rules.ofPath(request.namespace, request.path),
    ]
    if (asked.length === 0) return []
    const callerNamespace = caller && this.#deps.namespaces.byId(caller.namespaceId)
    const { Input, evaluateProgram } = await evaluator()
    const input = new Input(governed, { now: this.#deps.clock.now(), callerNamespace })
    const failures: GoverningFailure[] = []
    let work = 0
    for (const policy of asked) {
      const asking = ask(policy, input, evaluateProgram)
      work += asking.work
      if (asking.trace !== undefined) {
        const failure = failureOf(policy, asking.trace, override)
        failures.push(failure)
        if (failure.result === 'denied') break
      }
      if (work < TURN) continue
      work = 0
      await setImmediate()
    }
    return failures
  }

  // GoverningPaths

  async list(view: ReadView, { id }: Namespace, type: GoverningType): Promise<readonly string[]> {
    return view.list(`${governingPrefix(id)}${type}/`)
  }

  async get(
    view: ReadView,
    { id }: Namespace,
    type: GoverningType,
    name: string,
  ): Promise<GoverningRecord | undefined> {
    const canonical = canonicalPolicyName(name)
    const bytes = canonical === undefined ? undefined : await view.get(governingKey(id, type, canonical))
    return canonical === undefined || bytes === undefined ? undefined : decodeGoverning(canonical, bytes)
  }

  async put(view: WriteView, { id }: Namespace, type: GoverningType, given: GoverningRecord): Promise<void> {
    const name = writableName(given.name, 'update')
    // What cannot be read must not be kept: nothing would pass it.
    const { compileExpression } = await evaluator()
    compileExpression(given.text)
    const paths = type === 'egp' ? canonicalPaths(given.paths) : []
    if (type === 'rgp' && (await view.get(this.#deps.aclKey(id, name))) !== undefined) throw policyErrors.NAME_TAKEN()
    view.put(governingKey(id, type, name), encodeGoverning({ ...given, name, paths }))
  }

  async delete(view: WriteView, { id }: Namespace, type: GoverningType, name: string): Promise<void> {
    view.delete(governingKey(id, type, writableName(name, 'delete')))
  }

  async governing(
    view: ReadView,
    { namespace, path }: Parameters<GoverningPaths['governing']>[1],
    holder: Parameters<GoverningPaths['governing']>[2],
  ) {
    const rules = await this.#rulesOf(view)
    const held = holder === undefined ? [] : rules.ofHolder(holder.namespaceId, holder.policies)
    return [...held, ...rules.ofPath(namespace, path)].map(({ record, namespace: of, type }) => ({
      name: record.name,
      level: record.level,
      namespace: of,
      type,
    }))
  }

  /** What was read while other homes were open is not all there is. */
  #known(): GoverningRules | undefined {
    const rules = this.#rules.get('all')
    return rules?.homes === this.#homes() ? rules : undefined
  }

  #homes(): readonly string[] {
    return this.#deps.homes?.() ?? NO_HOMES
  }

  async #rulesOf(view: ReadView): Promise<GoverningRules> {
    const known = this.#known()
    if (known !== undefined && view.sequence >= known.sequence) return known
    const loaded = await loadRules(view, {
      homes: this.#homes(),
      namespaceOf: (id) => (id === rootNamespace.id ? rootNamespace : this.#deps.namespaces.byId(id)),
      programOf: (name, text) => this.#programOf(name, text),
    })
    // Refused where one changed after this view: what was read from it serves this request only.
    this.#rules.fill('all', view.sequence, loaded)
    return loaded
  }

  async #programOf(name: string, text: string): Promise<Program | undefined> {
    const known = this.#programs.get(text)
    if (known !== undefined) return known
    const { compileExpression } = await evaluator()
    try {
      const program = compileExpression(text)
      if (this.#programs.size >= PROGRAMS) this.#programs.clear()
      this.#programs.set(text, program)
      return program
    } catch {
      this.#deps.log.error('a stored governing policy cannot be read', { policy: name })
      return undefined
    }
  }
}

function writableName(name: string, verb: 'update' | 'delete'): string {
  const canonical = canonicalPolicyName(name)
  if (canonical === undefined) throw policyErrors.NAME()
  if (immutablePolicies.has(canonical)) throw policyErrors.IMMUTABLE({ verb, name: canonical })
  return canonical
}

function ask(
  { program }: GoverningPolicy,
  input: Input,
  evaluateProgram: Evaluator['evaluateProgram'],
): { readonly work: number; readonly trace: string | undefined } {
  if (program === undefined) return { work: 0, trace: 'The policy cannot be read' }
  const bindings = input.bindings(program.uses)
  if (bindings === undefined) return { work: 0, trace: 'The request has more data than an expression may look at' }
  const { failure, work } = evaluateProgram(program, bindings)
  return { work, trace: failure === undefined ? undefined : traceOf(failure) }
}

function traceOf({ clause, line, column, error }: Failure): string {
  return `Clause ${clause} (line ${line}, column ${column}) ${error ?? 'evaluated to false'}`
}

function failureOf({ record, namespace, type }: GoverningPolicy, trace: string, override: boolean): GoverningFailure {
  const { name, level } = record
  const result =
    level === 'advisory' ? 'advised' : level === 'soft-mandatory' && override ? 'overridden' : ('denied' as const)
  return { name, namespace, type, level, result, trace }
}
