import { badRequest, definePath, done, f, none, ok, replySchema, type PathDefinition, type ReadView } from '#framework'
import { base62 } from '../../../../../lib/secure/random.ts'
import { infoListing } from '../../info-listing.ts'
import { firstPairs, startedKey } from '../material.ts'
import { DEFAULT_KEY } from '../named-key.ts'
import { once } from '../once.ts'
import { infoSchema } from '../replies.ts'
import { assignments, clients, type Client } from '../store.ts'
import { pathOfOne } from './named.ts'

const fields = {
  redirect_uris: f.strings('Where codes may be sent: one of these, exactly.').optional(),
  assignments: f.strings('Assignments that say who may log in; `allow_all` for everybody.').optional(),
  key: f.string('The named key that signs the ID tokens; it cannot be changed later.').optional(),
  id_token_ttl: f.duration('How long ID tokens are valid.').optional(),
  access_token_ttl: f.duration('How long access tokens are valid.').optional(),
  client_type: f.string('`confidential`, which has a secret, or `public`, which has to use PKCE.').optional(),
}
const clientReply = replySchema('A client.', {
  ...fields,
  client_id: f.string('Its id, made up by the server.'),
  client_secret: f.string('Its secret; a public client has none.').sensitive().optional(),
})

const DAY = 86_400
const ID_LENGTH = 32
const SECRET_LENGTH = 64

const list = definePath('oidc/client', { help: 'Clients are applications that people log in to.', params: {} }).list({
  summary: 'List clients, without their secrets.',
  operationId: 'oidc-list-clients',
  replies: { 200: infoSchema },
  run: async (c) =>
    infoListing(await clients.list(c.view), async (name) => {
      const found = await clients.get(c.view, name)
      return found && shown(found)
    }),
})

const client = pathOfOne({
  noun: 'client',
  help: 'A client: an application that people log in to.',
  reads: 'a client, with its secret',
  all: clients,
  reply: clientReply,
  show: (found) => {
    const secret = found.type === 'public' ? {} : { client_secret: found.clientSecret }
    return ok(clientReply, { ...shown(found), ...secret })
  },
})
  .write({
    summary: 'Create or change a client.',
    operationId: 'oidc-write-client',
    fields,
    replies: { 204: none },
    prepare: async (c) => {
      const before = await clients.get(c.view, c.params.name)
      return firstPairs(c.view, before?.key ?? c.in.key ?? DEFAULT_KEY)
    },
    run: async (c, prepared) => {
      const { name } = c.params
      const before = await clients.get(c.view, name)
      const type = typeOf(c.in.client_type ?? before?.type ?? 'confidential')
      const keyName = c.in.key ?? before?.key ?? DEFAULT_KEY
      const changed = {
        redirectUris: once(c.in.redirect_uris ?? before?.redirectUris ?? []),
        assignments: once(c.in.assignments ?? before?.assignments ?? []),
        idTokenTtl: c.in.id_token_ttl ?? before?.idTokenTtl ?? DAY,
        accessTokenTtl: c.in.access_token_ttl ?? before?.accessTokenTtl ?? DAY,
      }
      await assertAssignments(c.view, changed.assignments)
      if (before !== undefined && before.key !== keyName) badRequest('key modification is not allowed')
      const key = await startedKey(c.view, keyName, prepared, c.clock.now())
      if (key === undefined) return badRequest(`key "${keyName}" does not exist`)
      if (changed.idTokenTtl > key.verificationTtl)
        badRequest("a client's id_token_ttl cannot be greater than the verification_ttl of the key it references")
      if (changed.accessTokenTtl < 1) badRequest('access_token_ttl must be at least one second')
      if (before !== undefined && before.type !== type) badRequest('client_type modification is not allowed')
      const own = before ?? {
        clientId: base62(ID_LENGTH),
        clientSecret: type === 'public' ? '' : `hvo_secret_${base62(SECRET_LENGTH)}`,
      }
      const { clientId, clientSecret } = own
      clients.put(c.view, name, { ...changed, key: keyName, type, clientId, clientSecret })
      return done()
    },
  })
  .delete({
    summary: 'Delete a client.',
    operationId: 'oidc-delete-client',
    replies: { 204: none },
    run: async (c) => {
      await clients.delete(c.view, c.params.name)
      return done()
    },
  })

export const clientPaths: readonly PathDefinition[] = [list, client]

function shown(found: Client) {
  return {
    access_token_ttl: found.accessTokenTtl,
    assignments: found.assignments,
    client_id: found.clientId,
    client_type: found.type,
    id_token_ttl: found.idTokenTtl,
    key: found.key,
    redirect_uris: found.redirectUris,
  }
}

function typeOf(text: string): Client['type'] {
  if (text === 'confidential' || text === 'public') return text
  return badRequest(`invalid client_type ${JSON.stringify(text)}`)
}

async function assertAssignments(view: ReadView, names: readonly string[]): Promise<void> {
  for (const name of names) {
    if ((await assignments.get(view, name)) === undefined) badRequest(`assignment "${name}" does not exist`)
  }
}
