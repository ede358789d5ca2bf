/** The auth methods that `coffer login` knows. Another is one more row. */
import { approle } from './approle.ts'
import { cert } from './cert.ts'
import type { LoginMethod } from './method.ts'
import { passwordMethod } from './password.ts'
import { token } from './token.ts'

export const loginMethods: ReadonlyMap<string, LoginMethod> = new Map([
  ['approle', approle],
  ['cert', cert],
  [
    'ldap',
    passwordMethod({
      name: 'ldap',
      about: 'a directory (LDAP or Active Directory)',
      passwordVariable: 'LDAP_PASSWORD',
      systemUser: true,
    }),
  ],
  ['radius', passwordMethod({ name: 'radius', about: 'a RADIUS server', systemUser: false })],
  ['token', token],
  ['userpass', passwordMethod({ name: 'userpass', about: "the server's own list of users", systemUser: false })],
])
