/** The engine of type `approle`: machines that log in with a role id and a secret id. */
import { defineEngine, type Engine } from '#framework'
import { login } from './paths/login.ts'
import { roleFieldPaths } from './paths/role-fields.ts'
import { roleId } from './paths/role-id.ts'
import { rolePaths } from './paths/roles.ts'
import { accessorPaths } from './paths/secret-id-accessors.ts'
import { secretIdPaths } from './paths/secret-ids.ts'
import { tidy } from './paths/tidy.ts'
import { renewal } from './renewal.ts'
import { tidySecretIds } from './tidy.ts'

export const approle: Engine = defineEngine({
  type: 'approle',
  kind: 'auth',
  help: 'Lets machines log in with a role id and a secret id.',
  paths: [...rolePaths, roleId, ...roleFieldPaths, ...secretIdPaths, ...accessorPaths, login, tidy],
  renewal,
  // As often as Vault does.
  background: [{ everySeconds: 60, run: tidySecretIds }],
})
