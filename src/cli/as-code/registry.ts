/** Every kind, in the order in which things are made; they are removed in the reverse one. */
import type { Kind } from './kind.ts'
import { alias } from './kinds/alias.ts'
import { audit } from './kinds/audit.ts'
import { auth } from './kinds/auth.ts'
import { entity } from './kinds/entity.ts'
import { group } from './kinds/group.ts'
import { mount } from './kinds/mount.ts'
import { namespace } from './kinds/namespace.ts'
import { passwordPolicy } from './kinds/password-policy.ts'
import { policy } from './kinds/policy.ts'
import { quota } from './kinds/quota.ts'
import { role } from './kinds/role.ts'

export const kinds: readonly Kind[] = [
  namespace,
  audit,
  mount,
  auth,
  passwordPolicy,
  policy,
  entity,
  group,
  alias,
  role,
  quota,
]
