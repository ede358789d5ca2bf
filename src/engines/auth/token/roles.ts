/** Token roles in storage, each below its namespace. */
import { f, namespaceCollection, type Infer } from '#framework'

const fields = {
  allowed_policies: f.list(),
  allowed_policies_glob: f.list(),
  disallowed_policies: f.list(),
  disallowed_policies_glob: f.list(),
  allowed_entity_aliases: f.list().optional(),
  orphan: f.bool(),
  path_suffix: f.string(),
  renewable: f.bool(),
  token_type: f.enum(['service', 'batch', 'default-service', 'default-batch']),
  token_no_default_policy: f.bool(),
  token_num_uses: f.int(),
  token_period: f.int(),
  token_explicit_max_ttl: f.int(),
  token_bound_cidrs: f.list(),
  /** As given by their old names, which are shown as long as the new ones are not used. */
  period: f.int(),
  explicit_max_ttl: f.int(),
  bound_cidrs: f.list(),
}

export type TokenRole = Infer<typeof fields>

export const roles = namespaceCollection('sys/token/roles/{namespace}/{name}', fields)

export const newRole: TokenRole = Object.freeze({
  allowed_policies: [],
  allowed_policies_glob: [],
  disallowed_policies: [],
  disallowed_policies_glob: [],
  allowed_entity_aliases: undefined,
  orphan: false,
  path_suffix: '',
  renewable: true,
  token_type: 'default-service',
  token_no_default_policy: false,
  token_num_uses: 0,
  token_period: 0,
  token_explicit_max_ttl: 0,
  token_bound_cidrs: [],
  period: 0,
  explicit_max_ttl: 0,
  bound_cidrs: [],
})
