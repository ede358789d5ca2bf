import {
  absent,
  definePath,
  done,
  f,
  listing,
  none,
  okData,
  pageFields,
  pageOf,
  replySchema,
  type JsonOut,
  type PathDefinition,
} from '#framework'
import { tokenPathErrors } from '../errors.ts'
import { changedRole, roleFields } from '../role-input.ts'
import { newRole, roles, type TokenRole } from '../roles.ts'

const { token_type: typeField, ...otherFields } = roleFields
const roleReply = replySchema('A token role.', { name: f.string('Its name.'), token_type: typeField, ...otherFields })
const keysReply = replySchema('The token roles.', { keys: f.list('Their names.') })

const list = definePath('roles', {
  help: 'Token roles say what tokens may be made by whoever may use them.',
  params: {},
}).list({
  summary: 'List token roles.',
  fields: pageFields,
  replies: { 200: keysReply },
  run: async (c) => listing(await roles.list(c.view, `${c.request.namespace.id}/`, pageOf(c.in))),
})

const role = definePath('roles/{role_name}', {
  help: 'A token role.',
  params: { role_name: f.name('Name of the role.') },
  exists: (c) => roles.has(c.view, { namespace: c.request.namespace.id, name: c.params.role_name }),
})
  .read({
    summary: 'Read a token role.',
    replies: { 200: roleReply },
    run: async (c) => {
      const name = c.params.role_name
      const found = await roles.get(c.view, { namespace: c.request.namespace.id, name })
      return found === undefined ? absent() : okData(shown(name, found))
    },
  })
  .write({
    summary: 'Create or change a token role.',
    fields: roleFields,
    replies: { 204: none, 200: replySchema('Stored, with warnings.', {}) },
    run: async (c) => {
      if (isNull(c.given.get('token_type'))) throw tokenPathErrors.ROLE_TYPE_NULL()
      const key = { namespace: c.request.namespace.id, name: c.params.role_name }
      const warnings: string[] = []
      const changed = changedRole((await roles.get(c.view, key)) ?? newRole, c.in, (sentence) =>
        warnings.push(sentence),
      )
      const { token_explicit_max_ttl: max } = changed
      const { maxTtl } = c.limits
      if (max > maxTtl) {
        warnings.push(
          `Given explicit max TTL of ${max} is greater than system/mount allowed value of ${maxTtl} seconds; ` +
            'until this is fixed attempting to create tokens against this role will result in an error',
        )
      }
      roles.put(c.view, key, changed)
      return warnings.length === 0 ? done() : { status: 200, warnings }
    },
  })
  .delete({
    summary: 'Delete a token role.',
    replies: { 204: none },
    run: (c) => {
      roles.delete(c.view, { namespace: c.request.namespace.id, name: c.params.role_name })
      return done()
    },
  })

export const rolePaths: readonly PathDefinition[] = [list, role]

/** Members in the order of their names, as Vault sends them. */
function shown(name: string, found: TokenRole): ReadonlyMap<string, JsonOut> {
  const { token_bound_cidrs: bound, bound_cidrs: older, token_num_uses: uses } = found
  return new Map<string, JsonOut>([
    ['allowed_entity_aliases', found.allowed_entity_aliases ?? null],
    ['allowed_policies', found.allowed_policies],
    ['allowed_policies_glob', found.allowed_policies_glob],
    ...(older.length > 0 ? [['bound_cidrs', older] as const] : []),
    ['disallowed_policies', found.disallowed_policies],
    ['disallowed_policies_glob', found.disallowed_policies_glob],
    ['explicit_max_ttl', found.explicit_max_ttl],
    ['name', name],
    ['orphan', found.orphan],
    ['path_suffix', found.path_suffix],
    ['period', found.period],
    ['renewable', found.renewable],
    ...(bound.length > 0 ? [['token_bound_cidrs', bound] as const] : []),
    ['token_explicit_max_ttl', found.token_explicit_max_ttl],
    ['token_no_default_policy', found.token_no_default_policy],
    ...(uses > 0 ? [['token_num_uses', uses] as const] : []),
    ['token_period', found.token_period],
    ['token_type', found.token_type],
  ])
}

function isNull(given: string | { readonly text: string } | undefined): boolean {
  return typeof given === 'object' && given.text === 'null'
}
