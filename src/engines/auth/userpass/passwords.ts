/** What a request says of a password, and the hash that is kept of it. */
import { f, type Infer } from '#framework'
import { LaneFull, LaneLeft } from '../../../lib/password/lane.ts'
import {
  algorithms,
  bcryptCosts,
  hashPassword,
  hashProblem,
  longest,
  type Algorithm,
} from '../../../lib/password/password-hash.ts'
import { userpassErrors } from './errors.ts'

export const passwordFields = {
  password: f.string('The password. bcrypt takes at most 72 bytes.').default('').sensitive(),
  password_hash: f
    .string('Instead of the password its hash, made elsewhere: bcrypt, or Argon2id in the PHC form.')
    .default('')
    .sensitive(),
  password_hash_algorithm: f
    .enum(
      algorithms,
      'How to hash this user’s password, now and later. What the mount’s option of the same name says, or bcrypt.',
    )
    .optional(),
}

type PasswordInput = Infer<typeof passwordFields>

/** What a mount hashes new passwords by. */
export function algorithmOf(options: ReadonlyMap<string, string>): Algorithm {
  return options.get('password_hash_algorithm') === 'argon2id' ? 'argon2id' : 'bcrypt'
}

export function isGiven({ password, password_hash: hash }: PasswordInput): boolean {
  return password !== '' || hash !== ''
}

/** Rejects where neither or both are given, or what is given cannot be kept. */
export async function hashOf(input: PasswordInput, algorithm: Algorithm): Promise<string> {
  const { password, password_hash: hash } = input
  if (!isGiven(input)) throw userpassErrors.NO_PASSWORD()
  if (password !== '' && hash !== '') throw userpassErrors.TWO_PASSWORDS()
  if (password === '') return checkedHash(hash)
  const bytes = longest[algorithm]
  if (Buffer.byteLength(password) > bytes) throw userpassErrors.TOO_LONG({ algorithm, bytes })
  return inTurn(hashPassword(password, algorithm))
}

export async function inTurn<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof LaneFull) throw userpassErrors.BUSY()
    if (error instanceof LaneLeft) throw userpassErrors.LEFT()
    throw error
  }
}

function checkedHash(hash: string): string {
  const problem = hashProblem(hash)
  const { least, most } = bcryptCosts
  switch (problem?.kind) {
    case undefined:
      return hash
    case 'unknown':
      throw userpassErrors.NO_HASH()
    case 'cheap':
      throw userpassErrors.CHEAP_HASH({ cost: problem.cost, least })
    case 'dear':
      throw userpassErrors.DEAR_HASH({ cost: problem.cost, most })
  }
}
