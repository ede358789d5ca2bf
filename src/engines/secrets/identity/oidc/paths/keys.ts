import { badRequest, definePath, done, f, none, ok, replySchema, type PathDefinition, type ReadView } from '#framework'
import { algorithmNamed, generatePair, type AlgorithmName } from '../algorithms.ts'
import { firstPairs, fitting, newPairs, start } from '../material.ts'
import { DEFAULT_KEY, rotated, type NamedKey } from '../named-key.ts'
import { assertUnused, clientsUsingKey, rolesUsingKey } from '../references.ts'
import { keys, signingPairs } from '../store.ts'
import { listPath, pathOfOne } from './named.ts'

const fields = {
  rotation_period: f.duration('How often a new key pair signs.').optional(),
  verification_ttl: f
    .duration('How long a public key is published after its pair has signed for the last time.')
    .optional(),
  algorithm: f.string('RS256, RS384, RS512, ES256, ES384, ES512 or EdDSA; RS256 if not given.').optional(),
  allowed_client_ids: f
    .strings('Ids of the roles and clients whose tokens the key may sign; `*` for all, none if empty.')
    .optional(),
}
const keyReply = replySchema('A named key. The private key is never shown.', fields)

const DAY = 86_400
const NEW: Pick<NamedKey, 'rotationPeriod' | 'verificationTtl' | 'allowedClientIds'> = {
  rotationPeriod: DAY,
  verificationTtl: DAY,
  allowedClientIds: [],
}

const kind = { noun: 'key', all: keys }

const list = listPath({ ...kind, help: 'Named keys sign identity tokens.', lists: 'named keys' })

const key = pathOfOne({
  ...kind,
  help: 'A named key that signs identity tokens.',
  reads: 'a named key',
  reply: keyReply,
  show: (found) =>
    ok(keyReply, {
      algorithm: found.algorithm,
      allowed_client_ids: found.allowedClientIds,
      rotation_period: found.rotationPeriod,
      verification_ttl: found.verificationTtl,
    }),
})
  .write({
    summary: 'Create or change a named key.',
    operationId: 'oidc-write-key',
    fields,
    replies: { 204: none },
    // What takes time, and is not to be done again when the transaction is.
    prepare: async (c) => {
      const before = await keys.get(c.view, c.params.name)
      const algorithm = algorithmOf(c.in.algorithm, before)
      return algorithm === undefined || algorithm === before?.algorithm ? undefined : newPairs(algorithm)
    },
    run: async (c, prepared) => {
      const { name } = c.params
      const before = await keys.get(c.view, name)
      const algorithm = algorithmOf(c.in.algorithm, before)
      const changed = {
        ...(before ?? NEW),
        rotationPeriod: c.in.rotation_period ?? before?.rotationPeriod ?? DAY,
        verificationTtl: c.in.verification_ttl ?? before?.verificationTtl ?? DAY,
        allowedClientIds: c.in.allowed_client_ids ?? before?.allowedClientIds ?? [],
      }
      await assertPeriods(c.view, name, changed, before !== undefined)
      if (algorithm === undefined) return badRequest(`unknown signing algorithm ${JSON.stringify(c.in.algorithm)}`)
      const now = c.clock.now()
      const key: NamedKey = { nextRotation: 0, ring: [], ...changed, algorithm }
      if (algorithm !== before?.algorithm) await start(c.view, name, { key, prepared, now })
      // A shorter period counts from now; a longer one from the next rotation on.
      else keys.put(c.view, name, { ...key, nextRotation: Math.min(key.nextRotation, now + key.rotationPeriod * 1000) })
      return done()
    },
  })
  .delete({
    summary: 'Delete a named key that nothing refers to.',
    operationId: 'oidc-delete-key',
    replies: { 204: none },
    run: async (c) => {
      const { name } = c.params
      if (name === DEFAULT_KEY) badRequest(`deletion of key "${name}" not allowed`)
      assertUnused(`key "${name}"`, 'roles', await rolesUsingKey(c.view, name))
      assertUnused(`key "${name}"`, 'clients', await clientsUsingKey(c.view, name))
      keys.delete(c.view, name)
      return done()
    },
  })

const rotate = definePath('oidc/key/{name}/rotate', {
  help: 'Rotates a named key.',
  description:
    'The key pair that was published for it signs from now on, and another one is published for the next time. What was signed before can be verified for `verification_ttl`.',
  params: { name: f.name('Name of the key.') },
}).write({
  summary: 'Rotate a named key.',
  operationId: 'oidc-rotate-key',
  fields: {
    verification_ttl: f
      .duration('How long what was signed before can be verified; if not given, as the key says.')
      .optional(),
  },
  replies: { 204: none },
  prepare: async (c) => {
    const first = await firstPairs(c.view, c.params.name)
    const found = first === undefined ? await keys.get(c.view, c.params.name) : undefined
    return { first, fresh: found && (await generatePair(found.algorithm)) }
  },
  run: async (c, { first, fresh }) => {
    const { name } = c.params
    const key = await keys.get(c.view, name)
    if (key === undefined) return badRequest(`no named key found at "${name}"`)
    const now = c.clock.now()
    const pairs = await signingPairs.get(c.view, { name })
    if (pairs === undefined) {
      await start(c.view, name, { key, prepared: first, now })
      return done()
    }
    const result = rotated(key, pairs, await fitting(fresh, key), now, c.in.verification_ttl)
    keys.put(c.view, name, result.key)
    signingPairs.put(c.view, { name }, result.pairs)
    return done()
  },
})

export const keyPaths: readonly PathDefinition[] = [list, key, rotate]

/** Undefined for one that is not known. */
function algorithmOf(asked: string | undefined, before: NamedKey | undefined): AlgorithmName | undefined {
  return asked === undefined ? (before?.algorithm ?? 'RS256') : algorithmNamed(asked)
}

/** A token must not outlive the key that it can be verified with. */
async function assertPeriods(
  view: ReadView,
  name: string,
  { rotationPeriod, verificationTtl }: Pick<NamedKey, 'rotationPeriod' | 'verificationTtl'>,
  exists: boolean,
): Promise<void> {
  if (rotationPeriod < 60) badRequest('rotation_period must be at least one minute')
  if (verificationTtl > 10 * rotationPeriod) badRequest('verification_ttl cannot be longer than 10x rotation_period')
  if (!exists) return
  const refusal = (who: string) =>
    badRequest(
      `unable to update key "${name}" because it is currently referenced by one or more ${who} greater than ${verificationTtl} seconds`,
    )
  if ((await rolesUsingKey(view, name)).some(([, role]) => role.ttl > verificationTtl))
    refusal('roles with a token ttl')
  if ((await clientsUsingKey(view, name)).some(([, client]) => client.idTokenTtl > verificationTtl))
    refusal('clients with an id_token_ttl')
}
