import { definePath, f, ok, okData, replySchema, type PathDefinition } from '#framework'
import { rfc3339 } from '../../../lib/rfc3339.ts'
import type { RootTokenIndex, TokenDetails } from '../../../request/token-ports.ts'

interface RootTokenPorts {
  /** Asked for at each request: tokens are there while the server is active. */
  tokens(): RootTokenIndex
}

const listReply = replySchema('The root tokens that live, by accessor.', {
  keys: f.list('Their accessors.'),
  key_info: f.json('By accessor: what is known of the token.'),
})

const revokedReply = replySchema('What was revoked.', { revoked: f.int('How many root tokens.') })

/** Every token with the policy `root`, however it was made. */
export function rootTokenPaths(ports: RootTokenPorts): readonly PathDefinition[] {
  return [
    definePath('root-tokens', {
      help: 'The root tokens that live, and their end.',
      description: 'A root token may do everything. It is made for a task and revoked after it.',
      params: {},
      flags: { sudo: true },
    })
      .list({
        summary: 'List the root tokens that live.',
        replies: { 200: listReply },
        operationId: 'list-root-tokens',
        run: async (c) => listOf(await ports.tokens().rootTokens(c.view)),
      })
      .read({
        summary: 'List the root tokens that live.',
        replies: { 200: listReply },
        operationId: 'read-root-tokens',
        run: async (c) => listOf(await ports.tokens().rootTokens(c.view)),
      })
      .delete({
        summary: 'Revoke every root token, the caller’s own included.',
        fields: {
          orphan: f.bool('Let the tokens that were made with them live on, without a parent.').default(false),
        },
        replies: { 200: revokedReply },
        operationId: 'revoke-root-tokens',
        run: async (c) => {
          const tokens = ports.tokens()
          const live = await tokens.rootTokens(c.view)
          for (const { key } of live) {
            if (c.in.orphan) await tokens.revokeOrphan(c.view, key)
            else await tokens.revoke(c.view, key)
          }
          return ok(revokedReply, { revoked: live.length })
        },
      }),
  ]
}

/** None is an answer, not an absence. */
function listOf(live: readonly TokenDetails[]) {
  const rows = live.toSorted((a, b) => a.createdAt - b.createdAt)
  return okData({
    keys: rows.map(({ accessor }) => accessor),
    key_info: new Map(
      rows.map((token) => [
        token.accessor,
        {
          display_name: token.displayName,
          path: token.path,
          orphan: token.orphan,
          creation_time: rfc3339(token.createdAt),
          expire_time: token.lease?.expiresAt === undefined ? null : rfc3339(token.lease.expiresAt),
        },
      ]),
    ),
  })
}
