import {
  definePath,
  f,
  okData,
  RawJson,
  replySchema,
  type CallContext,
  type Input,
  type PathDefinition,
  type ReadView,
  type Reply,
  type WriteView,
} from '#framework'
import { wrappingErrors } from '../../../errors/wrapping.ts'
import type { ApprovalPaths } from '../../../request/approval-ports.ts'
import type { WrappingPaths } from '../../../request/wrapping-ports.ts'

export interface WrappingPathPorts {
  /** Asked for at each request: wrapped replies exist only while the server is active. */
  wrapping(): WrappingPaths
  /** Requests that control groups hold have tokens of the same kind. */
  approvals(): ApprovalPaths
}

const lookupReply = replySchema('Where a wrapped reply comes from.', {
  creation_path: f.string('Path of the request that was answered.'),
  creation_time: f.time('When it was wrapped.'),
  creation_ttl: f.int('Seconds it is kept.'),
})
const anything = replySchema('What was wrapped, as it was.', {})
const wrapped = replySchema('The wrapping token, in the member `wrap_info`.', {})
const tokenField = f.json('The wrapping token; the caller’s own if absent.').sensitive().optional()

export function wrappingPaths(ports: WrappingPathPorts): readonly PathDefinition[] {
  return [wrap(), unwrap(ports), lookup(ports), rewrap(ports)]
}

function wrap(): PathDefinition {
  return definePath('wrapping/wrap', {
    help: 'Keep whatever is sent for the holder of a token of one use.',
    params: {},
    flags: { arbitraryInput: true },
  }).compute({
    summary: 'Wrap data.',
    description: 'The request must ask for wrapping, by the header X-Vault-Wrap-TTL.',
    replies: { 200: wrapped },
    run: (c) => {
      if (c.request.wrapTtl === undefined || c.request.wrapTtl === 0) throw wrappingErrors.NOT_WRAPPED()
      return okData(c.request.body)
    },
  })
}

function unwrap(ports: WrappingPathPorts): PathDefinition {
  return definePath('wrapping/unwrap', {
    help: 'What was wrapped, once.',
    params: {},
    flags: { wrappingToken: true, neverWrapped: true, ofOwnToken: true },
  }).write({
    summary: 'Unwrap a wrapped reply, or have a request carried out that a control group held.',
    fields: { token: tokenField },
    replies: { 200: anything },
    run: async (c) => {
      const token = tokenOf(c, c.given)
      if (await ports.approvals().isHeld(c.view, token)) return { carryOut: token }
      const body = await ports.wrapping().unwrap(c.view, token)
      if (body === undefined) throw wrappingErrors.INVALID_TOKEN()
      return { raw: { contentType: 'application/json', body }, unwrapped: true }
    },
  })
}

function lookup(ports: WrappingPathPorts): PathDefinition {
  const run = async (c: CallContext & { readonly view: ReadView; readonly given: ReadonlyMap<string, Input> }) => {
    const token = tokenOf(c, c.given)
    const info = (await ports.wrapping().lookup(c.view, token)) ?? (await ports.approvals().lookup(c.view, token))
    if (info === undefined) throw wrappingErrors.INVALID_TOKEN()
    return okData({
      creation_path: info.creationPath,
      creation_time: info.creationTime,
      creation_ttl: info.creationTtl,
    })
  }
  const summary = 'Look up a wrapping token.'
  return definePath('wrapping/lookup', {
    help: 'Where a wrapped reply comes from; that leaves it wrapped.',
    params: {},
    flags: { unauthenticated: true, place: 'anywhere' },
  })
    .read({ summary, replies: { 200: lookupReply }, run })
    .compute({ summary, fields: { token: tokenField }, replies: { 200: lookupReply }, run })
}

function rewrap(ports: WrappingPathPorts): PathDefinition {
  return definePath('wrapping/rewrap', {
    help: 'A new wrapping token for the same reply, with the same lifetime; the old one ends.',
    params: {},
    flags: { wrappingToken: true, ofOwnToken: true },
  }).write({
    summary: 'Rewrap a wrapped reply.',
    fields: { token: tokenField },
    replies: { 200: wrapped },
    run: async (c): Promise<Reply> => {
      const wrapInfo = await ports.wrapping().rewrap(c.view, tokenOf(c, c.given))
      if (wrapInfo === undefined) throw wrappingErrors.INVALID_TOKEN()
      return { status: 200, wrapInfo, unwrapped: true }
    },
  })
}

/** The token named in the body, else the one the request came with. */
function tokenOf(c: CallContext & { readonly view: ReadView | WriteView }, given: ReadonlyMap<string, Input>): string {
  const input = given.get('token')
  if (input === undefined || (input instanceof RawJson && input.kind === 'null')) {
    const own = c.request.clientToken ?? ''
    if (own === '') throw wrappingErrors.NO_TOKEN()
    return own
  }
  const value = typeof input === 'string' ? input : input.value()
  if (typeof value !== 'string') throw wrappingErrors.TOKEN_TYPE()
  if (value === '') throw wrappingErrors.EMPTY_TOKEN()
  return value
}
