/** Paths that whatever has a name has alike; how it is written and deleted is its own. */
import {
  absent,
  definePath,
  f,
  listing,
  type CallContext,
  type PathDefinition,
  type ReadView,
  type Reply,
  type ReplySchema,
} from '#framework'
import type { Awaitable } from '../../../../../lib/awaitable.ts'
import type { Named } from '../named.ts'
import { keysSchema } from '../replies.ts'

interface Listed {
  /** In the path and the names of the operations. */
  readonly noun: string
  readonly help: string
  /** What is listed: "named keys". */
  readonly lists: string
  readonly all: Pick<Named<unknown>, 'list'>
}

export function listPath({ noun, help, lists, all }: Listed): PathDefinition {
  return definePath(`oidc/${noun}`, { help, params: {} }).list({
    summary: `List ${lists}.`,
    operationId: `oidc-list-${noun}s`,
    replies: { 200: keysSchema },
    run: async (c) => listing(await all.list(c.view)),
  })
}

type ReadCall = CallContext & { readonly params: { readonly name: string }; readonly view: ReadView }

interface Read<V> {
  readonly noun: string
  readonly help: string
  /** What is read: "a named key". */
  readonly reads: string
  readonly all: Pick<Named<V>, 'get' | 'has'>
  readonly reply: ReplySchema
  show(found: V, c: ReadCall): Awaitable<Reply>
}

export function pathOfOne<V>({ noun, help, reads, all, reply, show }: Read<V>) {
  return definePath(`oidc/${noun}/{name}`, {
    help,
    params: { name: f.name(`Name of the ${noun}.`) },
    exists: (c) => all.has(c.view, c.params.name),
  }).read({
    summary: `Read ${reads}.`,
    operationId: `oidc-read-${noun}`,
    replies: { 200: reply },
    run: async (c) => show((await all.get(c.view, c.params.name)) ?? absent(), c),
  })
}
