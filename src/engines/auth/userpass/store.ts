/** Users in storage, by their names in lower case. */
import { collection, f, tokenRecord, type Infer } from '#framework'

const fields = {
  ...tokenRecord,
  /** bcrypt or Argon2id. */
  hash: f.string(),
  /** The algorithm asked for with this user's last password; empty for what the mount says. */
  algorithm: f.enum(['', 'bcrypt', 'argon2id']),
}

export type User = Infer<typeof fields>

export const users = collection('user/{username}', fields)
