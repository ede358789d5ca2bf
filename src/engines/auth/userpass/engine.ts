/** The engine of type `userpass`: people who log in with a name and a password that are kept here. */
import { defineEngine, type Engine } from '#framework'
import { login } from './paths/login.ts'
import { password } from './paths/password.ts'
import { policies } from './paths/policies.ts'
import { userPaths } from './paths/users.ts'
import { renewal } from './renewal.ts'

export const userpass: Engine = defineEngine({
  type: 'userpass',
  kind: 'auth',
  help: 'Lets people log in with a name and a password that are kept here.',
  paths: [...userPaths, password, policies, login],
  renewal,
})
