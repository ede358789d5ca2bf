/** Names from before there were entities with aliases. As in Vault a persona is written as an entity and read as an alias. */
import { absent, definePath, done, f, none, okData, type PathDefinition } from '#framework'
import { rfc3339 } from '../../../../lib/rfc3339.ts'
import { aliasById } from '../entities.ts'
import type { IdentityPorts } from '../ports.ts'
import { aliasReply, createdEntityReply, shownAlias } from '../replies.ts'
import { upsertEntity } from './entity.ts'
import { aliasList, removeAlias } from './entity-alias.ts'

const fields = {
  name: f.string('Name of the entity.').default(''),
  metadata: f.pairs('Metadata of the entity.').optional(),
  entity_id: f.string('Has no effect.').default(''),
  mount_accessor: f.string('Has no effect.').default(''),
}
const unchanged = { policies: undefined, disabled: undefined }
const replies = { 200: createdEntityReply, 204: none }

export function personaPaths({ mounts }: IdentityPorts): readonly PathDefinition[] {
  return [
    definePath('persona', { help: 'An older way to write an entity.', params: {} }).write({
      summary: 'Create an entity.',
      fields: { id: f.string('Id of the entity that is changed.').default(''), ...fields },
      replies,
      operationId: 'persona-create',
      run: (c) => upsertEntity({ ...c, in: { ...c.in, ...unchanged } }),
    }),
    aliasList('persona/id', 'persona-list-by-id', mounts),
    definePath('persona/id/{id}', { help: 'An older way to an alias.', params: { id: 'Its id.' } })
      .read({
        summary: 'Read an alias.',
        replies: { 200: aliasReply },
        operationId: 'persona-read-by-id',
        run: async (c) => {
          const { entity, alias } = (await aliasById(c.view, c.request.namespace.id, c.params.id)) ?? absent()
          return okData(shownAlias(mounts, entity, alias, alias.custom_metadata))
        },
      })
      .write({
        summary: 'Change an entity.',
        fields,
        replies,
        operationId: 'persona-update-by-id',
        run: (c) => upsertEntity({ ...c, in: { ...c.in, ...unchanged, id: c.params.id } }),
      })
      .delete({
        summary: 'Delete an alias.',
        replies: { 204: none },
        operationId: 'persona-delete-by-id',
        run: async (c) => {
          await removeAlias(c.view, c.request.namespace.id, c.params.id, rfc3339(c.clock.now()))
          return done()
        },
      }),
  ]
}
