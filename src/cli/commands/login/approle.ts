import type { LoginMethod } from './method.ts'
import { required } from './method.ts'

export const approle: LoginMethod = {
  help: `Usage: coffer login -method=approle role_id=<string> [secret_id=<string>]

  Logs in as a machine by the AppRole method.

      $ coffer login -method=approle role_id=db02de05-… secret_id=@secret-id.txt

Configuration:

  role_id=<string>
      The role's id.

  secret_id=<string>
      A secret id of the role. Needed unless the role goes without.`,
  async login(client, input) {
    const secretId = input.config.get('secret_id')?.trim()
    return client.write(`auth/${input.mount}/login`, {
      role_id: required(input, 'role_id').trim(),
      secret_id: secretId,
    })
  },
}
