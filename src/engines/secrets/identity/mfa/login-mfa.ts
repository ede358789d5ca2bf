/** Second factors of log-ins: who has to show them, the log-ins that wait for them, and whether they are met. */
import { createHash } from 'node:crypto'
import type { ReadView, WriteView } from '#framework'
import { mfaErrors } from '../../../../errors/mfa.ts'
import type { Clock } from '../../../../lib/clock.ts'
import type { Logger } from '../../../../lib/observe/index.ts'
import { uuid } from '../../../../lib/secure/random.ts'
import type {
  FactorAttempt,
  FirstFactor,
  MetFactors,
  MfaChoice,
  MfaRequirement,
  SecondFactors,
} from '../../../../request/mfa-ports.ts'
import type { Mount } from '../../../../request/mount.ts'
import type { AuthGrant } from '../../../../request/reply.ts'
import type { EntityHolder } from '../../../../request/token-ports.ts'
import type { Store } from '../../../../storage/store.ts'
import { entityOrHeir } from '../entities.ts'
import { holderOf } from '../holders.ts'
import { askMethod } from './ask-method.ts'
import { demandedOf } from './enforcements.ts'
import { choiceOf } from './methods.ts'
import type { Outcome } from './outcome.ts'
import type { Web } from './services/web.ts'
import {
  methods,
  waitingLogins,
  type StoredEnforcement,
  type StoredGrant,
  type StoredMethod,
  type StoredWaiting,
} from './store.ts'

export interface LoginMfaDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly web: Web
  /** Of the mount's storage. */
  readonly prefix: string
  mountOf(uuid: string): Mount | undefined
  /** Throws where the mount went. */
  assertHeld(view: ReadView, mount: Mount): Promise<void>
}

/** How long a log-in waits for its factors, ms. */
const PATIENCE = 300_000

/** What is to be met, as it stands now. */
interface Demand {
  readonly waiting: StoredWaiting
  readonly mount: Mount
  readonly holder: EntityHolder
  readonly entityId: string
  readonly enforcements: readonly { readonly rule: StoredEnforcement; readonly methods: readonly StoredMethod[] }[]
}

export class LoginMfa implements SecondFactors {
  readonly #deps: LoginMfaDeps

  constructor(deps: LoginMfaDeps) {
    this.#deps = deps
  }

  async demand(view: WriteView, { grant, context, entityId }: FirstFactor): Promise<MfaRequirement | undefined> {
    const own = view.sub(this.#deps.prefix)
    const { mount, namespace } = context
    const demanded = await demandedOf(own, namespace.id, { mount, entityId })
    if (demanded.length === 0) return undefined
    if (entityId === '') throw mfaErrors.NO_ENTITY()
    const requestId = uuid()
    waitingLogins.put(own, idOf(requestId), {
      grant: storedGrant(grant),
      mount: mount.uuid,
      path: context.path,
      namespace: namespace.id,
      namespace_path: namespace.path,
      address: context.remoteAddress,
      entity: entityId,
      until: this.#deps.clock.now() + PATIENCE,
    })
    const constraints = new Map<string, readonly MfaChoice[]>()
    for (const rule of demanded) constraints.set(rule.name, (await methodsOf(own, rule)).map(choiceOf))
    return { requestId, constraints }
  }

  async meet(attempt: FactorAttempt): Promise<MetFactors> {
    const { store, prefix } = this.#deps
    const demand = await store.read((view) => this.#demandOf(view.sub(prefix), attempt))
    // All of them before any is asked: what is good once is not used up for a log-in that cannot succeed.
    const asked = demand.enforcements.map(({ rule, methods: choices }) => ({
      rule,
      said: saidTo(rule, choices, attempt),
    }))
    // Each is asked once, whatever number of enforcements names it: a code is good once.
    const outcomes = new Map<string, Outcome>()
    const { remoteAddress, signal } = attempt
    const about = { facts: demand.holder.facts, entityId: demand.entityId, remoteAddress, signal }
    for (const { rule, said } of asked) {
      const reasons: string[] = []
      let isMet = false
      for (const { method, credentials } of said) {
        const outcome = outcomes.get(method.id) ?? (await askMethod({ method, credentials, ...about }, this.#deps))
        outcomes.set(method.id, outcome)
        isMet = outcome.met
        if (outcome.met) break
        reasons.push(outcome.reason)
      }
      if (!isMet) throw mfaErrors.UNSATISFIED({ enforcement: rule.name, reasons, methods: rule.methods })
    }
    const { waiting, mount, entityId } = demand
    return {
      requestId: attempt.requestId,
      grant: grantOf(waiting.grant),
      context: {
        mount,
        path: waiting.path,
        parent: undefined,
        namespace: { id: waiting.namespace, path: waiting.namespace_path },
        remoteAddress: waiting.address,
        met: { entityId },
      },
    }
  }

  async take(view: WriteView, { requestId, context }: MetFactors): Promise<void> {
    const { prefix, clock, assertHeld } = this.#deps
    const own = view.sub(prefix)
    const waiting = await waitingLogins.get(own, idOf(requestId))
    if (waiting === undefined || waiting.until <= clock.now()) throw mfaErrors.UNKNOWN_REQUEST()
    waitingLogins.delete(own, idOf(requestId))
    await assertHeld(view, context.mount)
  }

  drop(view: WriteView, requestId: string): void {
    waitingLogins.delete(view.sub(this.#deps.prefix), idOf(requestId))
  }

  async #demandOf(view: ReadView, attempt: FactorAttempt): Promise<Demand> {
    const { clock, mountOf } = this.#deps
    const waiting = await waitingLogins.get(view, idOf(attempt.requestId))
    const mount = waiting && mountOf(waiting.mount)
    if (waiting === undefined || mount === undefined || waiting.until <= clock.now()) throw mfaErrors.UNKNOWN_REQUEST()
    // It is told who began it, and nobody else.
    if (waiting.namespace !== attempt.namespaceId || !isSameAddress(waiting.address, attempt.remoteAddress))
      throw mfaErrors.UNKNOWN_REQUEST()
    const entity = await entityOrHeir(view, waiting.entity)
    const holder = await holderOf(entity, view)
    if (entity === undefined || holder === undefined) throw mfaErrors.NO_ENTITY()
    const demanded = await demandedOf(view, waiting.namespace, { mount, entityId: entity.id })
    if (demanded.length === 0) throw mfaErrors.NOTHING_DEMANDED()
    const enforcements: Demand['enforcements'][number][] = []
    for (const rule of demanded) enforcements.push({ rule, methods: await methodsOf(view, rule) })
    return { waiting, mount, holder, entityId: entity.id, enforcements }
  }
}

async function methodsOf(view: ReadView, { methods: ids }: StoredEnforcement): Promise<readonly StoredMethod[]> {
  const found: StoredMethod[] = []
  for (const id of ids) {
    const method = await methods.get(view, { id })
    if (method !== undefined) found.push(method)
  }
  return found
}

/** What the client says to methods of an enforcement, in its order. Throws `MFA_NOT_SHOWN` where that is nothing. */
function saidTo(rule: StoredEnforcement, choices: readonly StoredMethod[], { shown }: FactorAttempt) {
  const said = choices.flatMap((method) => {
    const credentials = shown.get(method.id) ?? (method.name === '' ? undefined : shown.get(method.name))
    return credentials === undefined ? [] : [{ method, credentials }]
  })
  if (said.length === 0) throw mfaErrors.NOT_SHOWN({ enforcement: rule.name, methods: choices })
  return said
}

function idOf(requestId: string): { readonly hash: string } {
  return { hash: createHash('sha256').update(requestId).digest('base64url') }
}

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1|)$/

/** Of the machine itself both families count alike, and its sockets: a client may come once by this and once by that. */
function isSameAddress(a: string, b: string): boolean {
  return a === b || (LOOPBACK.test(a) && LOOPBACK.test(b))
}

function storedGrant(grant: AuthGrant): StoredGrant {
  return { ...NOTHING, ...grant, alias: grant.alias && { metadata: undefined, ...grant.alias } }
}

/** A grant that leaves out all that it may. */
const NOTHING = {
  role: undefined,
  noDefaultPolicy: undefined,
  meta: undefined,
  type: undefined,
  ttl: undefined,
  maxTtl: undefined,
  explicitMaxTtl: undefined,
  period: undefined,
  renewable: undefined,
  numUses: undefined,
  boundCidrs: undefined,
  orphan: undefined,
  groupAliases: undefined,
  internal: undefined,
}

function grantOf({ alias, ...rest }: StoredGrant): AuthGrant {
  return { ...defined(rest), ...(alias === undefined ? {} : { alias: defined(alias) }) }
}

/** The members that are there; of those that may be absent, none is there and undefined. */
type Defined<T> = { readonly [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  readonly [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

function defined<T extends object>(value: T): Defined<T> {
  // Nothing but absent members is taken away.
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Defined<T>
}
