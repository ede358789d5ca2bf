import { types } from '../field.ts'
import { named } from './named.ts'

export const passwordPolicy = named({
  block: 'password_policy',
  path: 'sys/policies/password',
  table: { policy: { type: types.document, needed: true } },
})
