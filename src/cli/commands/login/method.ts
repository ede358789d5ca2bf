/** How the command line logs in by an auth method. */
import type { Client } from '../../client/client.ts'
import type { Secret } from '../../client/secret.ts'

export interface LoginInput {
  /** Path of the method below auth/, without slashes around it. */
  readonly mount: string
  /** The `K=V` arguments. */
  readonly config: ReadonlyMap<string, string>
  readonly env: (suffix: string) => string | undefined
  /** What the operating system calls the user; empty if unknown. */
  readonly systemUser: string
  /** Asks for a secret. Throws `CliFailure` where it cannot be asked. */
  ask(question: string): Promise<string>
}

export interface LoginMethod {
  /** For `auth help`. */
  readonly help: string
  /** The answer has `auth`, or `wrapInfo` if it was wrapped. Throws an `Error` whose message says what is missing. */
  login(client: Client, input: LoginInput): Promise<Secret | undefined>
}

export function required(input: LoginInput, name: string): string {
  const value = input.config.get(name) ?? ''
  if (value === '') throw new Error(`'${name}' must be specified`)
  return value
}
