/** What the paths of users refuse, in Vault's sentences. */
import { defineErrors } from '#framework'

export const userpassErrors = defineErrors('USERPASS', {
  MISSING_PASSWORD: { status: 400, message: 'missing password' },
  NO_PASSWORD: { status: 400, message: 'must provide either password or password_hash' },
  TWO_PASSWORDS: { status: 400, message: 'only one of password or password_hash may be provided' },
  TOO_LONG: {
    status: 400,
    message: (p: { algorithm: string; bytes: number }) => `${p.algorithm}: password length exceeds ${p.bytes} bytes`,
  },
  NO_HASH: {
    status: 400,
    message: 'password_hash is not a valid bcrypt hash, nor one of Argon2id within reasonable costs',
  },
  CHEAP_HASH: {
    status: 400,
    message: (p: { cost: number; least: number }) => `bcrypt cost of ${p.cost} is too low, want ${p.least} at minimum`,
  },
  DEAR_HASH: {
    status: 400,
    message: (p: { cost: number; most: number }) => `bcrypt cost of ${p.cost} exceeds maximum cost of ${p.most}`,
  },
  NO_USER: { status: 400, message: 'username does not exist' },
  ADDRESS: { status: 403, message: 'permission denied' },
  BUSY: { status: 503, message: 'too many log-ins wait for their passwords to be checked; try again' },
  LEFT: { status: 499, message: 'the client closed the connection' },
  RENEW_POLICIES: { status: 400, message: 'failed to renew entry: policies have changed, not renewing' },
  RENEW_GONE: { status: 400, message: 'failed to renew entry: the user does not exist any more' },
})

/** To the client it is one whether nobody has the name or the password is another. */
export const refusal = { sentence: 'invalid username or password' }
