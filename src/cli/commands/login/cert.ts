import type { LoginMethod } from './method.ts'

export const cert: LoginMethod = {
  help: `Usage: coffer login -method=cert [name=<string>]

  Logs in with the TLS certificate given by -client-cert and -client-key.

      $ coffer login -method=cert -client-cert=cert.pem -client-key=key.pem

Configuration:

  name=<string>
      The role to log in by. Any that fits if it is not given.`,
  async login(client, input) {
    return client.write(`auth/${input.mount}/login`, { name: input.config.get('name') })
  },
}
