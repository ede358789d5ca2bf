/** What the store of identities refuses, in Vault's sentences. */
import { defineErrors } from '#framework'

const quoted = (text: string): string => JSON.stringify(text)

export const identityErrors = defineErrors('IDENTITY', {
  ENTITY_ID: { status: 400, message: 'entity not found from id' },
  ENTITY_NAME_TAKEN: { status: 400, message: 'entity name is already in use' },
  NAME: { status: 400, message: (p: { reason: string }) => p.reason },
  ROOT_POLICY: { status: 400, message: 'policies cannot contain root' },
  POLICY_NOT_ASSIGNABLE: { status: 400, message: (p: { name: string }) => `cannot assign policy "${p.name}"` },
  POLICY_NAME: { status: 400, message: (p: { reason: string }) => p.reason },
  METADATA: { status: 400, message: (p: { of: string; reason: string }) => `invalid ${p.of} metadata: ${p.reason}` },
  CUSTOM_METADATA: {
    status: 400,
    message: (p: { reason: string }) => `custom_metadata validation failed: ${p.reason}`,
  },
  BATCH_EMPTY: { status: 400, message: 'missing entity ids to delete' },

  ALIAS_FACTORS: { status: 400, message: "'id' or 'mount_accessor' and 'name' must be provided" },
  ALIAS_ID: { status: 400, message: 'invalid alias ID provided' },
  ACCESSOR: { status: 400, message: (p: { accessor: string }) => `invalid mount accessor ${quoted(p.accessor)}` },
  CANONICAL_ID: { status: 400, message: 'invalid canonical ID' },
  ALIAS_ON_MOUNT: { status: 400, message: 'Alias already exists for requested entity and mount accessor' },
  ALIAS_MOUNT_TAKEN: {
    status: 400,
    message: "Alias cannot be updated as the entity already has an alias for the given 'mount_accessor' ",
  },
  ALIAS_TARGET_TAKEN: {
    status: 400,
    message: 'Alias cannot be updated as the given entity already has an alias for this mount ',
  },
  ALIAS_TAKEN: { status: 400, message: 'alias with combination of mount accessor and name already exists' },
  ALIAS_TARGET: { status: 400, message: "given 'canonical_id' is not associated with an entity" },
  ALIAS_LOCAL: { status: 400, message: "local aliases can't be moved between entities" },
  ALIAS_NAME: { status: 400, message: 'missing alias name' },

  GROUP_ID_EMPTY: { status: 400, message: 'empty group ID' },
  GROUP_ID: { status: 400, message: 'invalid group ID' },
  GROUP_NAME_EMPTY: { status: 400, message: 'empty group name' },
  GROUP_NAME_TAKEN: { status: 400, message: 'group name is already in use' },
  GROUP_TYPE: { status: 400, message: (p: { type: string }) => `invalid group type ${quoted(p.type)}` },
  GROUP_TYPE_FIXED: { status: 400, message: 'group type cannot be changed' },
  EXTERNAL_ENTITIES: { status: 400, message: "member entities can't be set manually for external groups" },
  EXTERNAL_GROUPS: { status: 400, message: "member groups can't be set for external groups" },
  MEMBER_ENTITY: { status: 400, message: (p: { id: string }) => `invalid entity ID ${quoted(p.id)}` },
  MEMBER_GROUP: { status: 400, message: (p: { id: string }) => `invalid member group ID ${quoted(p.id)}` },
  MEMBER_SELF: {
    status: 400,
    message: (p: { id: string }) => `member group ID ${quoted(p.id)} is same as the ID of the group`,
  },
  CYCLE: {
    status: 400,
    message: (p: { id: string }) => `cyclic relationship detected for member group ID ${quoted(p.id)}`,
  },

  GROUP_ALIAS_ID_EMPTY: { status: 400, message: 'empty group alias ID' },
  GROUP_ALIAS_ID: { status: 400, message: 'invalid group alias ID' },
  GROUP_ALIAS_ACCESSOR: { status: 400, message: 'missing mount_accessor' },
  GROUP_ALIAS_LOCAL: {
    status: 400,
    message: (p: { accessor: string }) => `mount accessor ${quoted(p.accessor)} is a local mount`,
  },
  GROUP_ALIAS_GROUP: { status: 400, message: "invalid group ID given in 'canonical_id'" },
  GROUP_ALIAS_INTERNAL: { status: 400, message: "alias can't be set on an internal group" },
  GROUP_ALIAS_TAKEN: { status: 400, message: 'combination of mount and group alias name is already in use' },

  LOOKUP_NONE: { status: 400, message: 'query parameter not supplied' },
  LOOKUP_CONFLICT: {
    status: 400,
    message: 'query parameter conflict; please supply distinct set of query parameters',
  },
  LOOKUP_PAIR: { status: 400, message: "both 'alias_name' and 'alias_mount_accessor' needs to be set" },

  MERGE_TO: { status: 400, message: 'missing entity id to merge to' },
  MERGE_FROM: { status: 400, message: 'missing entity ids to merge from' },
  MERGE_TO_INVALID: { status: 400, message: 'entity id to merge to is invalid' },
  MERGE_FROM_INVALID: { status: 400, message: 'entity id to merge from is invalid' },
  MERGE_SELF: { status: 400, message: 'to_entity_id should not be present in from_entity_ids' },
  MERGE_ONE_AT_A_TIME: {
    status: 400,
    message: 'aliases conflicts cannot be resolved with multiple from entity ids - merge one entity at a time',
  },
  MERGE_SHARED_MOUNT: {
    status: 400,
    message: (p: { accessor: string }) =>
      `mount accessor ${p.accessor} found in multiple fromEntities, merge should be done with one fromEntity at a time`,
  },
  MERGE_UNRESOLVED: {
    status: 400,
    message: (p: { from: string; to: string }) =>
      `conflicting mount accessors in following alias IDs and neither were present in conflicting_alias_ids_to_keep: ${p.from}, ${p.to}`,
  },
})
