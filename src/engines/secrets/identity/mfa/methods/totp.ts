import { f } from '#framework'
import { algorithms } from '../../../../../lib/otp/codes.ts'
import { methodErrors } from '../errors.ts'
import type { TotpSettings } from '../store.ts'
import { defineKind } from './kind.ts'

const MOST_PIXELS = 4096
const MOST_KEY_BYTES = 1024
const DEFAULT_ATTEMPTS = 5

export const totpKind = defineKind({
  type: 'totp',
  help: 'Codes that an authenticator makes of a key and the time.',
  noun: 'totp',
  asksByName: false,
  fields: {
    issuer: f.string('Who issues the keys, as authenticators show it.').default(''),
    period: f.duration('How long a code holds.').default(30),
    key_size: f.int('Bytes of a key.').default(20),
    qr_size: f.int('Pixels of a side of the QR code; 0 for none.').default(200),
    algorithm: f.string('The hash of the HMAC: SHA1, SHA256 or SHA512.').default('SHA1'),
    digits: f.int('Digits of a code: 6 or 8.').default(6),
    skew: f.int('Periods before and after the present one whose codes are good, too: 0 or 1.').default(1),
    max_validation_attempts: f
      .int('How many codes an entity may try in a period before it has to wait; 0 for 5.')
      .default(0),
  },
  replyFields: {
    issuer: f.string('Who issues the keys.'),
    period: f.int('Seconds for which a code holds.'),
    key_size: f.int('Bytes of a key.'),
    qr_size: f.int('Pixels of a side of the QR code.'),
    algorithm: f.string('SHA1, SHA256 or SHA512.'),
    digits: f.int('Digits of a code.'),
    skew: f.int('Periods aside whose codes are good, too.'),
    max_validation_attempts: f.int('Codes that may be tried in a period.'),
  },
  settings: (given) => {
    const algorithm = algorithms.find((name) => name === given.algorithm)
    if (algorithm === undefined) throw methodErrors.ALGORITHM()
    if (given.digits !== 6 && given.digits !== 8) throw methodErrors.DIGITS()
    if (given.period <= 0) throw methodErrors.PERIOD()
    if (given.skew !== 0 && given.skew !== 1) throw methodErrors.SKEW()
    if (given.key_size <= 0) throw methodErrors.KEY_SIZE()
    if (given.key_size > MOST_KEY_BYTES) throw methodErrors.LARGE_KEY({ most: MOST_KEY_BYTES })
    if (given.issuer === '') throw methodErrors.ISSUER()
    if (given.max_validation_attempts < 0) throw methodErrors.ATTEMPTS()
    if (given.qr_size < 0 || given.qr_size > MOST_PIXELS) throw methodErrors.QR_SIZE({ most: MOST_PIXELS })
    const max_validation_attempts = given.max_validation_attempts || DEFAULT_ATTEMPTS
    return { totp: { ...given, algorithm, max_validation_attempts } satisfies TotpSettings }
  },
  shown: ({ totp }) => ({ ...totp }),
})
