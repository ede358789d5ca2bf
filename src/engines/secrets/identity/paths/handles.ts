/**
 * Lists, reads and deletes by a handle, the same for whatever has one: an id (entities, groups, the aliases of both), or a name besides
 * (entities and groups).
 */
import {
  absent,
  done,
  listing,
  none,
  okData,
  pageFields,
  pageOf,
  type CallContext,
  type HandlerCall,
  type JsonOut,
  type Page,
  type ReadView,
  type Reply,
  type ReplySchema,
  type WriteView,
} from '#framework'
import type { Awaitable } from '../../../../lib/awaitable.ts'
import { storedName } from '../../../../lib/identity-name.ts'
import { rfc3339 } from '../../../../lib/rfc3339.ts'
import { infoListing } from '../info-listing.ts'
import { keysReply } from '../replies.ts'
import { sliced } from '../sliced.ts'

/** Views are those of the mount. What is of another namespace is not found. */
export interface Kind<S> {
  /** "an entity" */
  readonly one: string
  /** "the entities" */
  readonly many: string
  /** What it means to delete one: the summary of the operation. */
  readonly deleting: string
  readonly reply: ReplySchema
  readonly ids: Listed
  byId(view: ReadView, namespace: string, id: string): Promise<S | undefined>
  shown(view: ReadView, found: S): Awaitable<ReadonlyMap<string, JsonOut>>
  /** In the list of ids. */
  info(view: ReadView, found: S): Awaitable<JsonOut>
  delete(view: WriteView, found: S, now: string): Awaitable<void>
}

export interface NamedKind<S extends { readonly name: string }> extends Kind<S> {
  /** By namespace and `storedName`. */
  readonly names: Listed & {
    get(view: ReadView, key: { readonly namespace: string; readonly name: string }): Promise<Reference | undefined>
  }
  byName(view: ReadView, namespace: string, name: string): Promise<S | undefined>
}

interface Listed {
  list(view: ReadView, below: string, page: Page): Promise<string[]>
}

interface Reference {
  readonly id: string
}

type ListCall = HandlerCall<string, typeof pageFields, ReadView>
type CallFor<Handle extends 'id' | 'name', View extends ReadView> = CallContext & {
  readonly params: { readonly [name in Handle]: string }
  readonly view: View
}

export function listById<S>(kind: Kind<S>, operationId: string) {
  return {
    summary: `List ${kind.many} by their ids.`,
    fields: pageFields,
    replies: { 200: keysReply },
    operationId,
    run: (c: ListCall): Promise<Reply> =>
      infoListing(
        sliced((page) => kind.ids.list(c.view, '', page), pageOf(c.in)),
        async (id) => {
          const found = await kind.byId(c.view, c.request.namespace.id, id)
          return found && kind.info(c.view, found)
        },
      ),
  }
}

/** Names as they were written, in the order of their stored form. */
export function listByName<S extends { readonly name: string }>(kind: NamedKind<S>, operationId: string) {
  return {
    summary: `List ${kind.many} by their names.`,
    fields: pageFields,
    replies: { 200: keysReply },
    operationId,
    run: async (c: ListCall): Promise<Reply> => {
      const namespace = c.request.namespace.id
      const { after, limit } = c.in
      const keys: string[] = []
      const page = pageOf({ after: after === '' ? '' : storedName(after), limit })
      for await (const name of sliced((part) => kind.names.list(c.view, `${namespace}/`, part), page)) {
        const reference = await kind.names.get(c.view, { namespace, name })
        const found = reference && (await kind.byId(c.view, namespace, reference.id))
        if (found !== undefined) keys.push(found.name)
      }
      return listing(keys)
    },
  }
}

export function readById<S>(kind: Kind<S>, operationId: string) {
  return reading(kind, operationId, (c: CallFor<'id', ReadView>) =>
    kind.byId(c.view, c.request.namespace.id, c.params.id),
  )
}

export function readByName<S extends { readonly name: string }>(kind: NamedKind<S>, operationId: string) {
  return reading(kind, operationId, (c: CallFor<'name', ReadView>) =>
    kind.byName(c.view, c.request.namespace.id, c.params.name),
  )
}

export function deleteById<S>(kind: Kind<S>, operationId: string) {
  return deleting(kind, operationId, (c: CallFor<'id', WriteView>) =>
    kind.byId(c.view, c.request.namespace.id, c.params.id),
  )
}

export function deleteByName<S extends { readonly name: string }>(kind: NamedKind<S>, operationId: string) {
  return deleting(kind, operationId, (c: CallFor<'name', WriteView>) =>
    kind.byName(c.view, c.request.namespace.id, c.params.name),
  )
}

function reading<S, C extends { readonly view: ReadView }>(
  kind: Kind<S>,
  operationId: string,
  find: (c: C) => Promise<S | undefined>,
) {
  return {
    summary: `Read ${kind.one}.`,
    replies: { 200: kind.reply },
    operationId,
    run: async (c: C): Promise<Reply> => okData(await kind.shown(c.view, (await find(c)) ?? absent())),
  }
}

/** What is not there is deleted already. */
function deleting<S, C extends CallContext & { readonly view: WriteView }>(
  kind: Kind<S>,
  operationId: string,
  find: (c: C) => Promise<S | undefined>,
) {
  return {
    summary: kind.deleting,
    replies: { 204: none },
    operationId,
    run: async (c: C): Promise<Reply> => {
      const found = await find(c)
      if (found !== undefined) await kind.delete(c.view, found, rfc3339(c.clock.now()))
      return done()
    },
  }
}
