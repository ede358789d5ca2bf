/** A code of an entity's authenticator, tried once. Views are those of the mount. */
import type { WriteView } from '#framework'
import { fromBase32 } from '../../../../lib/otp/base32.ts'
import { hasCodeLength, isCodeOf, usedFor, type TotpKey } from '../../../../lib/otp/codes.ts'
import { MET, refused, type Outcome } from './outcome.ts'
import { totpSecrets, totpTries, type StoredMethod, type StoredSecret, type StoredTries } from './store.ts'

/** Whatever is wrong with a code is told in the same words. */
const WRONG = refused('MFA credentials not supplied or incorrect')
const NO_TRIES: StoredTries = { used: [], attempts: 0, until: 0 }

/**
 * Uses the code up if it is good, and counts it if not: both in this transaction, which is to be the attempt's own, as a count that is
 * rolled back counts nothing. Of many who try at once no more are answered than of those who try one by one.
 */
export async function tryCode(
  view: WriteView,
  method: StoredMethod,
  entity: string,
  passcode: string | undefined,
  now: number,
): Promise<Outcome> {
  const key = { entity, method: method.id }
  const secret = await totpSecrets.get(view, key)
  const most = method.totp?.max_validation_attempts
  if (secret === undefined || most === undefined)
    return refused(`MFA secret for method name "${method.name}" not present in entity "${entity}"`)
  if (passcode === undefined || !hasCodeLength(passcode, secret.digits)) return WRONG
  const tries = (await totpTries.get(view, key)) ?? NO_TRIES
  const isCounting = now < tries.until
  const attempts = isCounting ? tries.attempts : 0
  if (attempts >= most) return tooMany(attempts, most, Math.ceil((tries.until - now) / 1000))
  const used = tries.used.filter(({ until }) => until > now)
  const isGood =
    (await isCodeOf(keyOf(secret), passcode, now, secret.skew)) && !used.some(({ code }) => code === passcode)
  if (isGood) {
    const until = now + usedFor(secret.period, secret.skew) * 1000
    totpTries.put(view, key, { used: [...used, { code: passcode, until }], attempts: 0, until: 0 })
    return MET
  }
  const until = isCounting ? tries.until : now + secret.period * 1000
  totpTries.put(view, key, { used, attempts: attempts + 1, until })
  return WRONG
}

function tooMany(attempts: number, most: number, seconds: number): Outcome {
  return refused(
    `maximum TOTP validation attempts ${attempts + 1} exceeded the allowed attempts ${most}. Please try again in ${seconds} seconds`,
  )
}

function keyOf({ key, algorithm, digits, period }: StoredSecret): TotpKey {
  const secret = fromBase32(key)
  if ('wrongAt' in secret) throw new Error('a stored key is no Base32')
  return { secret, algorithm, digits, period }
}
