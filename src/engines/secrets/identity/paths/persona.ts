/** Names from before there were entities with aliases. As in Vault a persona is written as an entity and read as an alias. */
import { definePath, f, none, type PathDefinition } from '#framework'
import type { IdentityPorts } from '../ports.ts'
import { createdEntityReply } from '../replies.ts'
import { upsertEntity } from './entity.ts'
import { aliasKind, aliasList } from './entity-alias.ts'
import { deleteById, readById } from './handles.ts'

const fields = {
  name: f.string('Name of the entity.').default(''),
  metadata: f.pairs('Metadata of the entity.').optional(),
  entity_id: f.string('Has no effect.').default(''),
  mount_accessor: f.string('Has no effect.').default(''),
}
const unchanged = { policies: undefined, disabled: undefined }
const replies = { 200: createdEntityReply, 204: none }

export function personaPaths({ mounts }: IdentityPorts): readonly PathDefinition[] {
  const kind = { ...aliasKind(mounts), deleting: 'Delete an alias.' }
  return [
    definePath('persona', { help: 'An older way to write an entity.', params: {} }).write({
      summary: 'Create an entity.',
      fields: { id: f.string('Id of the entity that is changed.').default(''), ...fields },
      replies,
      operationId: 'persona-create',
      run: (c) => upsertEntity({ ...c, in: { ...c.in, ...unchanged } }),
    }),
    aliasList('persona/id', 'persona-list-by-id', kind),
    definePath('persona/id/{id}', { help: 'An older way to an alias.', params: { id: 'Its id.' } })
      .read(readById(kind, 'persona-read-by-id'))
      .write({
        summary: 'Change an entity.',
        fields,
        replies,
        operationId: 'persona-update-by-id',
        run: (c) => upsertEntity({ ...c, in: { ...c.in, ...unchanged, id: c.params.id } }),
      })
      .delete(deleteById(kind, 'persona-delete-by-id')),
  ]
}
