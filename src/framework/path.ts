/**
 * `definePath`: one declaration of a path, from which routing, validation, create-or-update for ACLs, audit redaction, OpenAPI,
 * help and the reference pages follow.
 */
import type { Awaitable } from '../lib/awaitable.ts'
import type { RawJson } from '../lib/json/index.ts'
import type { Verb } from '../request/operation.ts'
import type { Reply } from '../request/reply.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import type { Call, CallContext } from './context.ts'
import { f } from './f.ts'
import { Field, parseFields, type Fields, type Infer, type Input, type NoFields } from './field.ts'
import { parseTemplate, type ParamNames } from './template.ts'
import { badRequest, type ReplySchema } from './reply.ts'

export type Params<T extends string> = { readonly [K in ParamNames<T>]: string | Field<string> }
type ParamValues<T extends string> = { readonly [K in ParamNames<T>]: string }

/**
 * Which servers can carry an operation out: any that reads the storage, the node it was sent to (its own state is meant), or the
 * leader alone.
 */
export type Place = 'anywhere' | 'node' | 'leader'

/** What is special about a path; nothing in the pipeline asks for a path's name. */
export interface PathFlags {
  /** Needs no token. */
  readonly unauthenticated?: boolean
  /** Needs `sudo` besides the operation's capability. */
  readonly sudo?: boolean
  /** Answered while sealed or uninitialised, without audit (Vault's documented exceptions). */
  readonly whileSealed?: boolean
  /** A log-in: unauthenticated, and its reply's grant becomes a token. */
  readonly login?: boolean
  /** The body is bytes, not JSON: read whole into `request.rawBody`. */
  readonly rawBody?: boolean
  /** The body is bytes of any size, read as they come through `request.openBody`. */
  readonly streamedBody?: boolean
  /** Its reply is never wrapped, whatever the client asks. */
  readonly neverWrapped?: boolean
  /** Only in the root namespace. */
  readonly rootNamespaceOnly?: boolean
  /** Of the token that the request comes with: it is also found in a namespace above the token's own. */
  readonly ofOwnToken?: boolean
  /** Answered also where the namespace's API is locked. */
  readonly unlocks?: boolean
  /** Reached only by a wrapping token or an ordinary one: the token is not consumed by the pipeline. */
  readonly wrappingToken?: boolean
  /** Not written to audit devices (sys/health and the like). */
  readonly unaudited?: boolean
  /** Takes members that it does not declare; they are not warned of. */
  readonly arbitraryInput?: boolean
  /** Carried out although no audit device can write, with an error in the log: the way out of a device that is broken for good. */
  readonly survivesAuditFailure?: boolean
  /** The trait of listeners that opens the path to anyone, also while sealed. */
  readonly openBy?: 'unauthenticatedMetricsAccess' | 'unauthenticatedInFlightAccess'
  /** The trait of listeners that lets anyone use the path while the server is active. Such requests are audited like all others. */
  readonly anonymousBy?: 'unauthenticatedRekey' | 'unauthenticatedGenerateRoot'
  /** Listeners may refuse it, or serve nothing else. */
  readonly isMetrics?: boolean
  /** Whoever may not use it is told so in the words of RFC 6750: its clients know bearer tokens, and no others. */
  readonly bearerChallenge?: boolean
  /** Left out of OpenAPI and the reference. */
  readonly hidden?: boolean
  /** Where it is carried out, if not where its verb says: reads and lists that store nothing anywhere, all else by the leader. */
  readonly place?: Place
  /** Every authenticated caller may use it, whatever the policies (Vault does so for `sys/internal/ui/*`). */
  readonly anyCaller?: boolean
}

interface SpecBase<B extends Fields> {
  readonly summary: string
  readonly description?: string
  /** Fields of the body (writes, patches) or of the query (reads, lists, deletes). */
  readonly fields?: B
  readonly replies: { readonly [status: number]: ReplySchema | undefined }
  readonly flags?: PathFlags
  /** Name of the operation in OpenAPI, when the derived one clashes. */
  readonly operationId?: string
}

/** What a handler is called with: its parameters and fields parsed, and the view its verb entitles it to. */
export interface HandlerCall<T extends string, F extends Fields, View> extends CallContext {
  readonly params: ParamValues<T>
  readonly in: Infer<F>
  /** The inputs as they came, for what the declared fields do not tell. */
  readonly given: ReadonlyMap<string, RawJson | string>
  readonly view: View
}

export type Handler<T extends string, F extends Fields, View> = (c: HandlerCall<T, F, View>) => Awaitable<Reply>

export interface ReadSpec<T extends string, F extends Fields> extends SpecBase<F> {
  readonly run: Handler<T, F, ReadView>
}

export interface WriteSpec<T extends string, F extends Fields, P = undefined> extends SpecBase<F> {
  /**
   * Runs once, before the transaction, and not again when that is rerun: for what is slow, and for what is done in other systems. It sees
   * the storage as it was when the request came; what `run` relies on it looks at again.
   */
  readonly prepare?: (c: HandlerCall<T, F, ReadView>) => Awaitable<P>
  readonly run: (c: HandlerCall<T, F, WriteView>, prepared: P) => Awaitable<Reply>
  /**
   * Of a log-in: the name that it is for, in the one form under which credentials are looked up, before they are. Who failed too often
   * under this name is locked out. Undefined where the input names nobody.
   */
  readonly alias?: (c: HandlerCall<T, F, ReadView>) => Awaitable<string | undefined>
  /** Of what makes a token: the role that it is made by, for which there may be quotas. */
  readonly role?: RoleOf<HandlerCall<T, F, ReadView>>
}

export interface RoleOf<C> {
  /** Where the path does not say it. */
  readonly inBody?: true
  /** Undefined where the input names none. */
  readonly of: (c: C) => Awaitable<string | undefined>
}

/** A computation with something that is made where it is not there yet. */
export interface CreatingSpec<T extends string, F extends Fields> extends SpecBase<F> {
  readonly compute: Handler<T, F, ReadView>
  /** Makes what the path's `exists` did not find, and computes. It may be there by now. */
  readonly create: Handler<T, F, WriteView>
}

/** An operation as the rest of the program sees it. */
export interface OperationDefinition {
  /** Names of fields whose values are never in clear in audit entries. */
  readonly sensitive: ReadonlySet<string>
  readonly verb: Verb
  readonly tx: 'read' | 'write'
  readonly summary: string
  readonly description: string
  readonly fields: Fields
  readonly replies: { readonly [status: number]: ReplySchema | undefined }
  readonly flags: PathFlags
  readonly place: Place
  readonly operationId: string | undefined
  /** Comes before the transaction in which `run` gets what it resolves with. */
  readonly prepare: ((call: Call) => Promise<unknown>) | undefined
  /** Of a log-in: the name that it is for. */
  readonly alias: ((call: Call) => Promise<string | undefined>) | undefined
  /** Of what makes a token: the role that it is made by. */
  readonly role: RoleOf<Call> | undefined
  /** Carried out instead of this one, by the leader, where the path's `exists` says that the thing is not there. */
  readonly creating: OperationDefinition | undefined
  run(call: Call, prepared: unknown): Promise<Reply>
}

export interface PathDefinition {
  readonly template: string
  readonly help: string
  readonly description: string
  readonly params: Fields
  readonly operations: ReadonlyMap<Verb, OperationDefinition>
  /** Whether the thing exists already: decides between create and update. Absent: every write is an update, as in Vault. */
  readonly exists: ((call: Call) => Promise<boolean>) | undefined
  readonly flags: PathFlags
}

export interface PathInit<T extends string> {
  readonly help: string
  readonly description?: string
  readonly params: Params<T>
  readonly flags?: PathFlags
  readonly exists?: (
    c: CallContext & { readonly params: ParamValues<T>; readonly view: ReadView },
  ) => Awaitable<boolean>
}

const READING: ReadonlySet<Verb> = new Set(['read', 'list', 'scan'])

class PathBuilder<T extends string> implements PathDefinition {
  readonly template: T
  readonly help: string
  readonly description: string
  readonly params: Fields
  readonly flags: PathFlags
  readonly operations: ReadonlyMap<Verb, OperationDefinition>
  readonly exists: ((call: Call) => Promise<boolean>) | undefined
  readonly #init: PathInit<T>

  constructor(template: T, init: PathInit<T>, operations: ReadonlyMap<Verb, OperationDefinition>) {
    this.template = template
    this.help = init.help
    this.description = init.description ?? ''
    this.flags = init.flags ?? {}
    this.params = paramFields(template, init.params)
    this.operations = operations
    this.#init = init
    const { exists } = init
    this.exists = exists && (async (call) => exists({ ...call, params: this.#params(call) }))
  }

  read<const F extends Fields = NoFields>(spec: ReadSpec<T, F>): PathBuilder<T> {
    return this.#reader('read', spec)
  }

  list<const F extends Fields = NoFields>(spec: ReadSpec<T, F>): PathBuilder<T> {
    return this.#reader('list', spec)
  }

  scan<const F extends Fields = NoFields>(spec: ReadSpec<T, F>): PathBuilder<T> {
    return this.#reader('scan', spec)
  }

  /** Create and update. */
  write<const F extends Fields = NoFields, P = undefined>(spec: WriteSpec<T, F, P>): PathBuilder<T> {
    return this.#writer('write', spec)
  }

  /** A write that stores nothing (a computation): it runs on a read view, so a reader can answer it. */
  compute<const F extends Fields = NoFields>(spec: ReadSpec<T, F>): PathBuilder<T> {
    return this.#reader('write', spec)
  }

  /** A computation that any server can carry out, but for the one that has to make what it computes with: that is a write. */
  computeOrCreate<const F extends Fields = NoFields>(spec: CreatingSpec<T, F>): PathBuilder<T> {
    if (this.exists === undefined) throw new Error(`${this.template}: nothing says whether it exists`)
    const { compute, create, ...base } = spec
    const creating = this.#writing('write', { ...base, run: create })
    return this.#with({ ...this.#reading('write', { ...base, run: compute }), place: 'anywhere', creating })
  }

  patch<const F extends Fields = NoFields, P = undefined>(spec: WriteSpec<T, F, P>): PathBuilder<T> {
    return this.#writer('patch', spec)
  }

  delete<const F extends Fields = NoFields, P = undefined>(spec: WriteSpec<T, F, P>): PathBuilder<T> {
    return this.#writer('delete', spec)
  }

  /** A delete whose work is done in transactions of its own, or that stores nothing. */
  deleteApart<const F extends Fields = NoFields>(spec: ReadSpec<T, F>): PathBuilder<T> {
    return this.#reader('delete', spec)
  }

  /** A read that must store something (it issues a credential, or counts). */
  readWriting<const F extends Fields = NoFields, P = undefined>(spec: WriteSpec<T, F, P>): PathBuilder<T> {
    return this.#writer('read', spec)
  }

  #reader<F extends Fields>(verb: Verb, spec: ReadSpec<T, F>): PathBuilder<T> {
    return this.#with(this.#reading(verb, spec))
  }

  #writer<F extends Fields, P>(verb: Verb, spec: WriteSpec<T, F, P>): PathBuilder<T> {
    return this.#with(this.#writing(verb, spec))
  }

  #reading<F extends Fields>(verb: Verb, spec: ReadSpec<T, F>): OperationDefinition {
    return this.#operation(verb, 'read', spec, async (call) => spec.run({ ...call, ...this.#inputs(call, verb, spec) }))
  }

  #writing<F extends Fields, P>(verb: Verb, spec: WriteSpec<T, F, P>): OperationDefinition {
    const { prepare, alias, role } = spec
    const reading = (call: Call) => ({ ...call, ...this.#writeInputs(call, verb, spec), view: call.view })
    const prepared = prepare && (async (call: Call) => prepare(reading(call)))
    const named = alias && (async (call: Call) => alias(reading(call)))
    const byRole = role && { ...role, of: async (call: Call) => role.of(reading(call)) }
    return this.#operation(
      verb,
      'write',
      spec,
      async (call, result) => {
        if (call.writeView === undefined) throw new Error(`${this.template}: a write ran without a transaction`)
        // The pipeline hands over what `prepare` above resolved with, and nothing where there is none.
        return spec.run({ ...call, ...this.#writeInputs(call, verb, spec), view: call.writeView }, result as P)
      },
      { prepare: prepared, alias: named, role: byRole },
    )
  }

  #writeInputs<F extends Fields, P>(call: Call, verb: Verb, spec: WriteSpec<T, F, P>) {
    // As in Vault: a name that ends so could not be told from a folder in a list.
    if (verb !== 'delete' && verb !== 'read' && call.request.path.endsWith('/'))
      badRequest("cannot write to a path ending in '/'")
    return this.#inputs(call, verb, spec)
  }

  #operation(
    verb: Verb,
    tx: 'read' | 'write',
    spec: SpecBase<Fields>,
    run: OperationDefinition['run'],
    { prepare, alias, role }: Partial<Pick<OperationDefinition, 'prepare' | 'alias' | 'role'>> = {},
  ): OperationDefinition {
    const flags = { ...this.flags, ...spec.flags }
    return Object.freeze({
      verb,
      tx,
      place: flags.place ?? (tx === 'read' && READING.has(verb) ? 'anywhere' : 'leader'),
      summary: spec.summary,
      description: spec.description ?? '',
      fields: spec.fields ?? {},
      replies: spec.replies,
      sensitive: new Set(
        Object.entries(spec.fields ?? {})
          .filter(([, field]) => field.traits.sensitive)
          .map(([name]) => name),
      ),
      flags,
      operationId: spec.operationId,
      prepare,
      alias,
      role,
      creating: undefined,
      run,
    })
  }

  #with(operation: OperationDefinition): PathBuilder<T> {
    const { verb } = operation
    if (this.operations.has(verb)) throw new Error(`${this.template}: ${verb} is declared twice`)
    const operations = new Map([...this.operations, [verb, Object.freeze(operation)]])
    return new PathBuilder(this.template, this.#init, operations)
  }

  #inputs<F extends Fields>(call: Call, verb: Verb, { fields, flags }: SpecBase<F>) {
    const given = inputsOf(call, { verb, flags: { ...this.flags, ...flags } })
    // An operation without declared fields has the type NoFields, which an empty record satisfies.
    return { params: this.#params(call), in: parseFields(fields ?? ({} as F), given), given }
  }

  #params(call: Call): ParamValues<T> {
    // paramFields made one field per name in the template, which is what ParamValues lists.
    return parseFields(this.params, call.params) as ParamValues<T>
  }
}

/**
 * Reads, lists and deletes take the query; writes and patches the body, unless that is a stream of bytes. As in Vault a body on a delete
 * counts too.
 */
export function inputsOf(
  call: Call,
  { verb, flags }: Pick<OperationDefinition, 'verb' | 'flags'>,
): ReadonlyMap<string, Input> {
  const { body, query } = call.request
  if (flags.streamedBody === true) return query
  if (verb === 'write' || verb === 'patch') return body
  if (verb === 'delete' && body.size > 0) return new Map<string, Input>([...query, ...body])
  return query
}

function paramFields<T extends string>(template: T, params: Params<T>): Fields {
  const given: Readonly<Record<string, string | Field<string>>> = params
  const out: Record<string, Field<string>> = {}
  for (const segment of parseTemplate(template)) {
    if (segment.kind === 'literal') continue
    const param = given[segment.name]
    if (param === undefined) throw new Error(`${template}: {${segment.name}} has no help`)
    out[segment.name] = param instanceof Field ? param : f.string(param)
  }
  return out
}

export function definePath<const T extends string>(template: T, init: PathInit<T>): PathBuilder<T> {
  return new PathBuilder(template, init, new Map())
}
