/** The user and the role that the bench logs in as. */
import { call } from './call.ts'

export const login = {
  password: 'bench-password',
  roleId: 'bench-role',
  secretId: '7f9c2ba4-e88f-4827-8a10-2b4d5c9a6e01',
}

/** The same on every server: bcrypt of cost 10, which is what both have by themselves. */
export async function enableLogIns(address: string, token: string): Promise<void> {
  const post = (path: string, body: object) => call(address, 'POST', `/v1/${path}`, body, token)
  for (const type of ['userpass', 'approle']) await post(`sys/auth/${type}`, { type })
  await post('auth/userpass/users/bench', { password: login.password, token_policies: ['default'], token_ttl: '1h' })
  await post('auth/approle/role/bench', { role_id: login.roleId, token_policies: ['default'], token_ttl: '1h' })
  await post('auth/approle/role/bench/custom-secret-id', { secret_id: login.secretId })
}
