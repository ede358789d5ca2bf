import {
  definePath,
  f,
  okData,
  replySchema,
  type CallContext,
  type JsonOut,
  type PathDefinition,
  type ReadView,
  type Reply,
} from '#framework'
import type { Caller } from '../../../request/caller.ts'
import type { NamespaceLookup } from '../../../request/namespace-ports.ts'
import type { PoliciesPort, SystemPorts } from '../../../request/system-ports.ts'
import { systemErrors } from '../errors.ts'

const capabilitiesReply = replySchema(
  'What may be done on each path, by the path.',
  { capabilities: f.list('The same for the only path, where one was asked for.').optional() },
  { members: f.list('What may be done on the path.') },
)

const pathFields = {
  paths: f.strings('The paths.').default([]),
  path: f.strings('An older name of `paths`.').default([]).deprecated(),
}

export function capabilitiesPaths({ policies, callers, namespaces }: SystemPorts): readonly PathDefinition[] {
  return [
    definePath('capabilities', {
      help: 'What a token may do on paths.',
      params: {},
      flags: { place: 'anywhere' },
    }).compute({
      summary: 'Tell what a token may do on paths.',
      fields: { ...pathFields, token: f.string('The token.').default('').sensitive() },
      replies: { 200: capabilitiesReply },
      run: async (c) => {
        if (c.in.token === '') throw systemErrors.NO_TOKEN()
        const caller = await callers.byToken(c.in.token, c.view)
        if (caller === undefined || !mayName(namespaces, c, caller)) throw systemErrors.INVALID_TOKEN()
        return answer(policies, caller, c)
      },
    }),
    definePath('capabilities-accessor', {
      help: 'What the token of an accessor may do on paths.',
      params: {},
      flags: { place: 'anywhere' },
    }).compute({
      summary: 'Tell what the token of an accessor may do on paths.',
      fields: { ...pathFields, accessor: f.string('The accessor.').default('') },
      replies: { 200: capabilitiesReply },
      run: async (c) => {
        if (c.in.accessor === '') throw systemErrors.NO_ACCESSOR()
        const caller = await callers.byAccessor(c.in.accessor, c.view, c.request.namespace.id)
        if (caller === undefined) throw systemErrors.INVALID_ACCESSOR()
        return answer(policies, caller, c)
      },
    }),
    definePath('capabilities-self', {
      help: 'What the asking token may do on paths.',
      params: {},
      flags: { place: 'anywhere' },
    }).compute({
      summary: 'Tell what the asking token may do on paths.',
      fields: {
        ...pathFields,
        token: f.string('Ignored: it is the asking token.').optional().sensitive().deprecated(),
      },
      replies: { 200: capabilitiesReply },
      run: (c) => {
        if (c.caller === undefined) throw systemErrors.PERMISSION_DENIED()
        return answer(policies, c.caller, c)
      },
    }),
  ]
}

interface Asked extends Pick<CallContext, 'request'> {
  readonly in: { readonly paths: readonly string[]; readonly path: readonly string[] }
  readonly view: ReadView
}

async function answer(
  policies: PoliciesPort,
  caller: Caller,
  { in: { paths, path }, view, request }: Asked,
): Promise<Reply> {
  const asked = paths.length > 0 ? paths : path
  if (asked.length === 0) throw systemErrors.NO_PATHS()
  const data = new Map<string, JsonOut>()
  for (const one of asked) data.set(one, await policies.capabilitiesOf(caller, request.namespace, one, view))
  const [only] = asked
  if (asked.length === 1 && only !== undefined) data.set('capabilities', data.get(only) ?? [])
  return okData(data, { flatten: true })
}

/** Whose token it is that a request asks about: of its own namespace, of one below, or one that may be used here. */
function mayName(
  namespaces: Pick<NamespaceLookup, 'byId'>,
  { request: { namespace } }: Pick<CallContext, 'request'>,
  caller: Caller,
): boolean {
  const own = namespaces.byId(caller.namespaceId)
  return own !== undefined && (own.path.startsWith(namespace.path) || namespace.path.startsWith(own.path))
}
