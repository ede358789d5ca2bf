import {
  definePath,
  done,
  f,
  none,
  replySchema,
  type CallContext,
  type PathDefinition,
  type Reply,
  type WriteView,
} from '#framework'
import { tokenPathErrors } from '../errors.ts'
import type { TokenEnginePorts } from '../ports.ts'
import { within } from '../within.ts'

type Call = CallContext & { readonly view: WriteView }

const replies = { 204: none }
const tokenField = f.string('The token to revoke.').default('').sensitive()

export function revokePaths(ports: TokenEnginePorts): readonly PathDefinition[] {
  return [
    definePath('revoke', { help: 'End a token and all tokens made with it.', params: {} }).write({
      summary: 'Revoke a token and its children.',
      fields: { token: tokenField },
      replies,
      run: (c) => {
        if (c.in.token === '') throw tokenPathErrors.MISSING_TOKEN()
        return revoke(ports, c, c.in.token)
      },
    }),
    definePath('revoke-self', {
      help: 'End the caller’s token and all tokens made with it.',
      params: {},
      flags: { ofOwnToken: true },
    }).write({
      summary: 'Revoke the caller’s token and its children.',
      replies,
      run: (c) => revoke(ports, c, c.caller?.token ?? ''),
    }),
    definePath('revoke-orphan', { help: 'End a token; those made with it become orphans.', params: {} }).write({
      summary: 'Revoke a token but not its children.',
      fields: { token: tokenField },
      replies,
      run: async (c) => {
        if (c.in.token === '') throw tokenPathErrors.MISSING_TOKEN()
        if (!c.sudo) throw tokenPathErrors.SUDO_REVOKE_ORPHAN()
        const token = within(ports, c, await ports.tokens().find(c.view, c.in.token), c.in.token)
        if (token === undefined) throw tokenPathErrors.TO_REVOKE_NOT_FOUND()
        if (token.type === 'batch') throw tokenPathErrors.BATCH_REVOKE()
        await ports.tokens().revokeOrphan(c.view, token.key)
        return done()
      },
    }),
    definePath('revoke-accessor', { help: 'End the token that an accessor stands for.', params: {} }).write({
      summary: 'Revoke a token by its accessor.',
      fields: { accessor: f.string('Accessor of the token.').default('') },
      replies: { 200: replySchema('There is no such token.', {}), 204: none },
      run: async (c) => {
        const { accessor } = c.in
        if (accessor === '') throw tokenPathErrors.MISSING_ACCESSOR()
        const token = await ports.tokens().findByAccessor(c.view, accessor, c.request.namespace.id)
        if (token === undefined) return { status: 200, warnings: ['No token found with this accessor'] }
        await ports.tokens().revoke(c.view, token.key)
        return done()
      },
    }),
  ]
}

/** A token that is gone already is revoked. */
async function revoke(ports: TokenEnginePorts, c: Call, id: string): Promise<Reply> {
  const token = within(ports, c, await ports.tokens().find(c.view, id), id)
  if (token?.type === 'batch') throw tokenPathErrors.BATCH_REVOKE()
  if (token !== undefined) await ports.tokens().revoke(c.view, token.key)
  return done()
}
