import { definePath, f, ok, type ReadView } from '#framework'
import { formatDuration } from '../../../../lib/duration.ts'
import { codeOf, counterAt, hasCodeLength, isCodeOf, usedFor } from '../../../../lib/otp/codes.ts'
import { totpErrors, type Key } from '../domain.ts'
import { keyName } from '../fields.ts'
import { codeReply, validReply } from '../replies.ts'
import { keys, triedCodes } from '../store.ts'
import { assertUntried, withTried } from '../tried-codes.ts'

export const code = definePath('code/{name}', {
  help: 'Make codes, and check them.',
  description: 'A code that was checked is not taken again, however many servers are asked at once.',
  params: { name: keyName },
})
  .read({
    summary: 'Make the code that holds now.',
    operationId: 'totp-generate-code',
    replies: { 200: codeReply },
    run: async (c) => {
      const key = await known(c.view, c.params.name)
      const now = c.clock.now()
      const counter = counterAt(now, key.period)
      return ok(codeReply, {
        code: await codeOf(key, counter),
        generated: Math.floor(now / 1000),
        expire_time: (counter + 1) * key.period,
        period: formatDuration(key.period),
      })
    },
  })
  .write({
    summary: 'Check a code, once.',
    operationId: 'totp-validate-code',
    fields: { code: f.string('The code.').default('').sensitive() },
    replies: { 200: validReply },
    run: async (c) => {
      const key = await known(c.view, c.params.name)
      const { code: given } = c.in
      const now = c.clock.now()
      if (given === '') throw totpErrors.NO_CODE()
      if (!hasCodeLength(given, key.digits)) throw totpErrors.CODE_LENGTH()
      // Read and written in one transaction: of two who send the same code at once, one is run again and finds it used.
      const tried = await triedCodes.get(c.view, c.params)
      assertUntried(tried, given, now)
      const valid = await isCodeOf(key, given, now, key.skew)
      const until = now + usedFor(key.period, key.skew) * 1000
      triedCodes.put(c.view, c.params, withTried(tried, { code: given, valid, until }, now))
      return ok(validReply, { valid })
    },
  })

/** Throws `TOTP_UNKNOWN_KEY`. */
async function known(view: ReadView, name: string): Promise<Key> {
  const key = await keys.get(view, { name })
  if (key === undefined) throw totpErrors.UNKNOWN_KEY({ name })
  return key
}
