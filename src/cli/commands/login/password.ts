import type { LoginMethod } from './method.ts'

export interface PasswordMethodOptions {
  readonly name: string
  readonly about: string
  /** Suffix of the environment variable that may hold the password. */
  readonly passwordVariable?: string
  /** Whether the user of the operating system is the default. */
  readonly systemUser: boolean
}

/** Methods with a name and a password. */
export function passwordMethod(options: PasswordMethodOptions): LoginMethod {
  const { name, passwordVariable, systemUser } = options
  return {
    help: `Usage: coffer login -method=${name} [CONFIG K=V...]

  Logs in with a user name and a password of ${options.about}.

      $ coffer login -method=${name} username=sally
      Password (will be hidden):

Configuration:

  password=<string>
      The password, asked for if it is not given${passwordVariable === undefined ? '' : ` here or in VAULT_${passwordVariable}`}.

  username=<string>
      The user's name${systemUser ? '; that of the operating system if it is not given' : ''}.`,
    async login(client, input) {
      const username = input.config.get('username') || (systemUser ? input.systemUser : '')
      if (username === '') throw new Error("'username' must be specified")
      const stored = passwordVariable === undefined ? undefined : input.env(passwordVariable)
      // One read from stdin or a file ends in the newline of its line.
      const given = input.config.get('password')?.replace(/\r?\n$/, '')
      const password = given || stored || (await input.ask('Password (will be hidden): '))
      return client.write(`auth/${input.mount}/login/${username}`, { password })
    },
  }
}
