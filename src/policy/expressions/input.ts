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
  #request: Members | undefined
  #rest: Readonly<Record<string, CelInput>> | undefined
  /** `undefined` as long as nobody asked for it, null where there is more than may be looked at. */
  #data: CelInput | undefined

  constructor(governed: Governed, facts: InputFacts) {
    this.#governed = governed
    this.#facts = facts
  }

  /** Undefined where the expression looks at data of which there is too much. */
  bindings(uses: ReadonlySet<string>): Readonly<Record<string, CelInput>> | undefined {
    const { caller, approval, request } = this.#governed
    const fixed = (this.#request ??= requestOf(this.#governed))
    if (uses.has('request.data') && !fixed.has('data')) {
      this.#data ??= dataOf(request)
      if (this.#data === null) return undefined
      fixed.set('data', this.#data)
    }
    this.#rest ??= restOf(caller, approval, request, this.#facts)
    return { request: fixed, ...this.#rest }
  }
}

function requestOf({ request, operation, mount, caller, override }: Governed): Members {
  const headers = new Map<string, CelInput>()
  for (const [name, values] of request.headers) if (!SECRET_HEADERS.has(name)) headers.set(name, values.join(', '))
  const members: Members = new Map<string, CelInput>([
    ['path', request.path],
    ['operation', operation],
    ['headers', headers],
    [
      'connection',
      new Map<string, CelInput>([
        ['remote_addr', request.remoteAddress],
        ['remote_port', BigInt(request.remotePort)],
      ]),
    ],
    ['wrapping', new Map<string, CelInput>([['ttl_seconds', BigInt(request.wrapTtl ?? 0)]])],
    ['policy_override', override],
    ['unauthenticated', caller === undefined],
  ])
  if (mount !== undefined)
    members.set(
      'mount',
      new Map<string, CelInput>([
        ['path', mount.path],
        ['type', mount.type],
        ['accessor', mount.accessor],
      ]),
    )
  return members
}

function restOf(
  caller: Caller | undefined,
  approval: Approval | undefined,
  request: Request,
  { now, callerNamespace }: InputFacts,
): Readonly<Record<string, CelInput>> {
  const time = timeOf(now)
  return {
    namespace: namespaceOf(request.namespace),
    token: caller === undefined ? NOBODY : tokenOf(caller, callerNamespace),
    identity: caller?.identity === undefined ? NOBODY : identityOf(caller.identity),
    controlgroup: approval === undefined ? NOBODY : controlGroupOf(approval),
    time: new Map<string, CelInput>([['now', time]]),
    now: time,
  }
}

function namespaceOf({ id, path }: Namespace): Members {
  return new Map<string, CelInput>([
    ['id', id],
    ['path', path],
  ])
}

function tokenOf(caller: Caller, namespace: Namespace | undefined): Members {
  const members: Members = new Map<string, CelInput>([
    ['creation_time', rfc3339(caller.issuedAt)],
    ['creation_time_unix', BigInt(Math.floor(caller.issuedAt / 1000))],
    ['creation_ttl_seconds', BigInt(caller.ttl)],
    ['display_name', caller.displayName],
    ['entity_id', caller.entityId],
    ['metadata', new Map<string, CelInput>(caller.meta)],
    ['num_uses', BigInt(caller.numUses)],
    ['path', caller.path],
    ['policies', [...caller.policies]],
    ['type', caller.type],
  ])
  if (namespace !== undefined) members.set('namespace', namespaceOf(namespace))
  return members
}

const identities = new WeakMap<IdentityFacts, Members>()

/** The same as long as nothing of it changes. */
function identityOf(facts: IdentityFacts): Members {
  const known = identities.get(facts)
  if (known !== undefined) return known
  const byId = new Map<string, CelInput>()
  const byName = new Map<string, CelInput>()
  for (const { id, name, namespaceId, metadata } of facts.groups) {
    const group = new Map<string, CelInput>([
      ['id', id],
      ['name', name],
      ['namespace_id', namespaceId],
      ['metadata', new Map<string, CelInput>(metadata)],
    ])
    byId.set(id, group)
    byName.set(name, group)
  }
  const made: Members = new Map<string, CelInput>([
    [
      'groups',
      new Map<string, CelInput>([
        ['by_id', byId],
        ['by_name', byName],
      ]),
    ],
  ])
  if (facts.entity !== undefined) made.set('entity', entityOf(facts.entity))
  identities.set(facts, made)
  return made
}

function entityOf({ id, name, metadata, aliases }: NonNullable<IdentityFacts['entity']>): Members {
  return new Map<string, CelInput>([
    ['id', id],
    ['name', name],
    ['metadata', new Map<string, CelInput>(metadata)],
    [
      'aliases',
      aliases.map(
        (alias) =>
          new Map<string, CelInput>([
            ['id', alias.id],
            ['name', alias.name],
            ['mount_accessor', alias.mountAccessor],
            ['metadata', new Map<string, CelInput>(alias.metadata)],
            ['custom_metadata', new Map<string, CelInput>(alias.customMetadata)],
          ]),
      ),
    ],
  ])
}

function controlGroupOf({ held, authorizations }: Approval): Members {
  return new Map<string, CelInput>([
    ['request_time', held.requestedAt],
    [
      'authorizations',
      authorizations.map(
        ({ entityId, entityName, at }) =>
          new Map<string, CelInput>([
            ['time', at],
            [
              'entity',
              new Map<string, CelInput>([
                ['id', entityId],
                ['name', entityName],
              ]),
            ],
          ]),
      ),
    ],
  ])
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
  const members = new Map<string, CelInput>()
  for (const [name, one] of Object.entries(value))
    if (one !== undefined && size.takesText(name)) members.set(name, valueOf(one, size, depth + 1))
  return members
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
