import { definePath, done, f, none, stringify, type PathDefinition, type Reply } from '#framework'
import { rfc3339 } from '../../../../lib/rfc3339.ts'
import { identityErrors } from '../errors.ts'
import { merge, type Clash } from '../merge.ts'
import { mergeSecrets } from '../mfa/merge-secrets.ts'
import type { IdentityPorts, MountLookup } from '../ports.ts'

export function mergePaths({ mounts }: IdentityPorts): readonly PathDefinition[] {
  return [
    definePath('entity/merge', {
      help: 'Make one entity of several.',
      description:
        'Aliases and memberships of the others go to the one that stays, and their tokens are its tokens. Its name, metadata and policies stay.',
      params: {},
    }).write({
      summary: 'Merge entities into another.',
      fields: {
        to_entity_id: f.string('Id of the entity that stays.').default(''),
        from_entity_ids: f.strings('Ids of the entities that go.').default([]),
        conflicting_alias_ids_to_keep: f
          .strings('Where both have an alias at the same mount: ids of those that stay.')
          .default([]),
        force: f.bool('Of MFA secrets of one kind in both, keep that of the entity that stays.').default(false),
      },
      replies: { 204: none },
      operationId: 'entity-merge',
      run: async (c) => {
        const { to_entity_id: to, from_entity_ids: from, conflicting_alias_ids_to_keep: keep } = c.in
        if (to === '') throw identityErrors.MERGE_TO()
        if (from.length === 0) throw identityErrors.MERGE_FROM()
        const clashes = await merge(c.view, c.request.namespace.id, { to, from, keep }, rfc3339(c.clock.now()))
        if (clashes.length > 0) return clashReply(mounts, clashes)
        await mergeSecrets(c.view, { to, from, force: c.in.force })
        return done()
      },
    }),
  ]
}

/** Vault's one error that carries data: what a client shows to let somebody choose. */
function clashReply(mounts: MountLookup, clashes: readonly Clash[]): Reply {
  const lines = [
    'toEntity and at least one fromEntity have aliases with the same mount accessor, repeat the merge request specifying exactly one fromEntity, clashes: ',
    ...clashes.map(
      ({ to, from }) =>
        `mountAccessor: ${to.alias.mount_accessor}, toEntity ID: ${to.entity.id}, fromEntity ID: ${from.entity.id}, ` +
        `conflicting toEntity alias ID: ${to.alias.id}, conflicting fromEntity alias ID: ${from.alias.id}`,
    ),
  ]
  const errors = [`${lines.length} errors occurred:\n${lines.map((line) => `\t* ${line}\n`).join('')}\n`]
  const data = clashes.flatMap(({ to, from }) =>
    [to, from].map(({ entity, alias }) => {
      const mount = mounts.byAccessor(alias.mount_accessor)
      return {
        alias: alias.name,
        entity: entity.name,
        entity_id: entity.id,
        mount: mount?.type ?? '',
        mount_path: mount?.path ?? '',
      }
    }),
  )
  return { status: 400, raw: { contentType: 'application/json', body: stringify({ errors, data }) } }
}
