/** What of a request an expression sees (`shapes.ts` says what there is). Made when the first expression asks for it. */
import { celEnv, CelScalar, isCelError, parse, plan, type CelInput } from '@bufbuild/cel'
import type { JsonValue, RawJson } from '../../lib/json/index.ts'
import type { IdentityFacts } from '../../lib/identity-template.ts'
import { rfc3339 } from '../../lib/rfc3339.ts'
import type { Approval } from '../../request/approval-ports.ts'
import type { Caller } from '../../request/caller.ts'
import type { Governed } from '../../request/governing-ports.ts'
import type { Namespace, Request } from '../../request/request.ts'
import { MAX_CHARACTERS, MAX_DEPTH, MAX_VALUES } from './limits.ts'

export interface InputFacts {
  /** Wall clock, ms. */
  readonly now: number
  /** Of the caller's token. */
  readonly callerNamespace: Namespace | undefined
}

type Members = Map<string, CelInput>

/** Whoever is not there is nobody: an empty map, of which no field can be read. */
const NOBODY: Members = new Map()
/** Never shown: they stand for the caller himself. */
const SECRET_HEADERS = new Set(['x-vault-token', 'authorization', 'proxy-authorization', 'cookie', 'x-vault-mfa'])

export class Input {
  readonly #governed: Governed
  readonly #facts: InputFacts
  readonly #request: Members = new Map()
  readonly #roots = new Map<string, CelInput>()

  constructor(governed: Governed, facts: InputFacts) {
    this.#governed = governed
    this.#facts = facts
  }

  /** Undefined where the expression looks at data of which there is too much. */
  bindings(uses: ReadonlySet<string>): Readonly<Record<string, CelInput>> | undefined {
    const bound: Record<string, CelInput> = {}
    for (const name of uses) {
      const field = name.startsWith('request.') ? name.slice('request.'.length) : undefined
      if (field !== undefined) {
        if (!this.#add(field)) return undefined
      } else if (name === 'request') bound[name] = this.#request
      else {
        const root = this.#root(name)
        if (root !== undefined) bound[name] = root
      }
    }
    return bound
  }

  /** False where there is too much of it. */
  #add(field: string): boolean {
    if (this.#request.has(field)) return true
    const value = requestFields.get(field)?.(this.#governed)
    if (value === null) return false
    if (value !== undefined) this.#request.set(field, value)
    return true
  }

  #root(name: string): CelInput | undefined {
    const known = this.#roots.get(name)
    if (known !== undefined) return known
    const made = roots.get(name)?.(this.#governed, this.#facts)
    if (made !== undefined) this.#roots.set(name, made)
    return made
  }
}

type FieldOf = (governed: Governed) => CelInput | undefined

const requestFields: ReadonlyMap<string, FieldOf> = new Map<string, FieldOf>([
  ['path', ({ request }) => request.path],
  ['operation', ({ operation }) => operation],
  ['namespace', ({ request }) => namespaceOf(request.namespace)],
  ['data', ({ request }) => dataOf(request)],
  ['headers', ({ request }) => headersOf(request)],
  [
    'connection',
    ({ request }) => members({ remote_addr: request.remoteAddress, remote_port: BigInt(request.remotePort) }),
  ],
  ['wrapping', ({ request }) => members({ ttl_seconds: BigInt(request.wrapTtl ?? 0) })],
  ['policy_override', ({ override }) => override],
  ['unauthenticated', ({ caller }) => caller === undefined],
  ['mount', ({ mount }) => mount && members({ path: mount.path, type: mount.type, accessor: mount.accessor })],
])

const roots: ReadonlyMap<string, (governed: Governed, facts: InputFacts) => CelInput> = new Map<
  string,
  (governed: Governed, facts: InputFacts) => CelInput
>([
  ['token', ({ caller }, { callerNamespace }) => (caller === undefined ? NOBODY : tokenOf(caller, callerNamespace))],
  ['identity', ({ caller }) => (caller?.identity === undefined ? NOBODY : identityOf(caller.identity))],
  ['controlgroup', ({ approval }) => (approval === undefined ? NOBODY : controlGroupOf(approval))],
  ['time', (_, { now }) => members({ now: timeOf(now) })],
  ['now', (_, { now }) => timeOf(now)],
])

function members(of: Readonly<Record<string, CelInput>>): Members {
  return new Map(Object.entries(of))
}

function headersOf({ headers }: Request): Members {
  const shown: Members = new Map()
  for (const [name, values] of headers) if (!SECRET_HEADERS.has(name)) shown.set(name, values.join(', '))
  return shown
}

function namespaceOf({ id, path }: Namespace): Members {
  return members({ id, path })
}

const tokens = new WeakMap<Caller, Members>()

/** The same as long as nothing of it changes. */
function tokenOf(caller: Caller, namespace: Namespace | undefined): Members {
  const known = tokens.get(caller)
  if (known !== undefined) return known
  const made = members({
    creation_time: rfc3339(caller.issuedAt),
    creation_time_unix: BigInt(Math.floor(caller.issuedAt / 1000)),
    creation_ttl_seconds: BigInt(caller.ttl),
    display_name: caller.displayName,
    entity_id: caller.entityId,
    metadata: new Map<string, CelInput>(caller.meta),
    num_uses: BigInt(caller.numUses),
    path: caller.path,
    policies: [...caller.policies],
    type: caller.type,
  })
  if (namespace !== undefined) made.set('namespace', namespaceOf(namespace))
  tokens.set(caller, made)
  return made
}

const identities = new WeakMap<IdentityFacts, Members>()

/** The same as long as nothing of it changes. */
function identityOf(facts: IdentityFacts): Members {
  const known = identities.get(facts)
  if (known !== undefined) return known
  const byId = new Map<string, CelInput>()
  const byName = new Map<string, CelInput>()
  for (const { id, name, namespaceId, metadata } of facts.groups) {
    const group = members({ id, name, namespace_id: namespaceId, metadata: new Map<string, CelInput>(metadata) })
    byId.set(id, group)
    byName.set(name, group)
  }
  const made = members({ groups: members({ by_id: byId, by_name: byName }) })
  if (facts.entity !== undefined) made.set('entity', entityOf(facts.entity))
  identities.set(facts, made)
  return made
}

function entityOf({ id, name, metadata, aliases }: NonNullable<IdentityFacts['entity']>): Members {
  return members({
    id,
    name,
    metadata: new Map<string, CelInput>(metadata),
    aliases: aliases.map((alias) =>
      members({
        id: alias.id,
        name: alias.name,
        mount_accessor: alias.mountAccessor,
        metadata: new Map<string, CelInput>(alias.metadata),
        custom_metadata: new Map<string, CelInput>(alias.customMetadata),
      }),
    ),
  })
}

function controlGroupOf({ held, authorizations }: Approval): Members {
  return members({
    request_time: held.requestedAt,
    authorizations: authorizations.map(({ entityId, entityName, at }) =>
      members({ time: at, entity: members({ id: entityId, name: entityName }) }),
    ),
  })
}

/** Null where there is more than an expression may look at. Of two of a name, query and body, the body's counts, as for the engine. */
function dataOf({ body, query }: Request): CelInput {
  const size = new Size()
  const data = new Map<string, CelInput>()
  for (const [name, value] of query) data.set(name, size.takesText(name) && size.takesText(value) ? value : null)
  for (const [name, json] of body) {
    if (!size.takesText(name) || !size.mayTake(json)) return null
    data.set(name, valueOf(json.value(), size, 0))
  }
  return size.isWithin ? data : null
}

function valueOf(value: JsonValue, size: Size, depth: number): CelInput {
  if (!size.takesValue(depth)) return null
  if (typeof value === 'string') return size.takesText(value) ? value : null
  // Whole numbers are CEL's `int`, so that `== 1` and `% 2` say what they seem to.
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((one) => valueOf(one, size, depth + 1))
  const made: Members = new Map()
  for (const [name, one] of Object.entries(value))
    if (one !== undefined && size.takesText(name)) made.set(name, valueOf(one, size, depth + 1))
  return made
}

class Size {
  #values = 0
  #characters = 0
  isWithin = true

  /** What cannot fit is not even parsed. */
  mayTake({ text }: RawJson): boolean {
    return (this.isWithin &&= text.length <= MAX_CHARACTERS * 4)
  }

  takesText({ length }: string): boolean {
    this.#characters += length
    return (this.isWithin &&= this.#characters <= MAX_CHARACTERS)
  }

  takesValue(depth: number): boolean {
    this.#values++
    return (this.isWithin &&= this.#values <= MAX_VALUES && depth <= MAX_DEPTH)
  }
}

const toTime = plan(celEnv({ variables: { t: CelScalar.STRING } }), parse('timestamp(t)'))

function timeOf(now: number): CelInput {
  const made = toTime({ t: new Date(now).toISOString() })
  if (isCelError(made)) throw new Error('the clock shows no time', { cause: made })
  return made
}
