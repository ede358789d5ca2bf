/**
 * What a kind of database has to know how to do. Life of one connection: `open` reads its description and touches nothing, `verify`
 * connects, users come and go, `close` ends its connections. Everything that waits for the database ends by itself after a time.
 */
import type { Clock } from '../../../../lib/clock.ts'
import type { JsonValue } from '#framework'

export const CREDENTIAL_TYPES = ['password', 'rsa_private_key', 'client_certificate'] as const
export type CredentialType = (typeof CREDENTIAL_TYPES)[number]

/** What a user proves himself with, as the database is told of it. */
export type Credential =
  | { readonly type: 'password'; readonly password: string }
  /** PEM. */
  | { readonly type: 'rsa_private_key'; readonly publicKey: string }
  /** The certificate's subject. */
  | { readonly type: 'client_certificate'; readonly subject: string }

export interface NewUser {
  readonly username: string
  readonly credential: Credential
  readonly statements: readonly string[]
  /** Wall clock, ms. */
  readonly expiresAt: number
}

export interface UserChange {
  readonly username: string
  readonly credential?: { readonly value: Credential; readonly statements: readonly string[] }
  readonly expiration?: { readonly at: number; readonly statements: readonly string[] }
}

export interface UserRemoval {
  readonly username: string
  readonly statements: readonly string[]
}

/** One configured connection. Its methods reject with `DatabaseFailure`. */
export interface Database {
  /** Connects, as whoever the configuration names. */
  verify(): Promise<void>
  newUser(user: NewUser): Promise<void>
  updateUser(change: UserChange): Promise<void>
  /** A user who is not there is a success. */
  deleteUser(removal: UserRemoval): Promise<void>
  close(): Promise<void>
}

/** The members of a connection's configuration that are the plugin's own, secrets among them. */
export type Details = ReadonlyMap<string, JsonValue>

export interface Plugin {
  readonly credentialTypes: ReadonlySet<CredentialType>
  /** How users are named, unless the configuration says so. */
  readonly usernameTemplate: string
  /** Whether a user without special rights can be given a new password by himself. */
  readonly selfManaged: boolean
  /** Throws `DetailsError` for what cannot work. */
  open(details: Details, clock: Clock): Promise<Database>
}

/** A connection that cannot be as it is described. Its sentence never holds a value of a secret. */
export class DetailsError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'DetailsError'
  }
}

/**
 * What a database answered, or that it did not.
 * @param applied whether what was asked for may have been done all the same: it refused (`no`), or nobody knows (`maybe`).
 */
export class DatabaseFailure extends Error {
  readonly applied: 'no' | 'maybe'
  /** The database itself said no; else it could not be asked. */
  readonly refused: boolean

  constructor(message: string, init: { readonly applied: 'no' | 'maybe'; readonly refused: boolean }) {
    super(message)
    this.name = 'DatabaseFailure'
    this.applied = init.applied
    this.refused = init.refused
  }
}

/** Takes the secrets out of a message of a foreign library. */
export function redacted(message: string, secrets: readonly string[]): string {
  let out = message
  for (const secret of secrets.toSorted((a, b) => b.length - a.length))
    if (secret !== '') out = out.replaceAll(secret, '[password]')
  return out
}
