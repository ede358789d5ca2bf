import { absent, definePath, done, f, namesOf, none, ok } from '#framework'
import { barcode } from '../../../../lib/otp/barcode.ts'
import { otpauthUri } from '../../../../lib/otp/uri.ts'
import { freshBytes } from '../../../../lib/secure/random.ts'
import { keyBytes, refuseBarcode, settledWish, type Key } from '../domain.ts'
import { keyName } from '../fields.ts'
import { generatedReply, keyReply, keysReply } from '../replies.ts'
import { keys, triedCodes } from '../store.ts'

export const keyList = definePath('keys', { help: 'List the keys.', params: {} }).list({
  summary: 'List the names of the keys.',
  operationId: 'totp-list-keys',
  ...namesOf(keys, keysReply),
})

export const key = definePath('keys/{name}', {
  help: 'Make, read and delete keys.',
  description:
    'A key is made here ("generate") and shown once, for the authenticator that is to make its codes; or it is one that another ' +
    'service has given out, and this server makes the codes.',
  params: { name: keyName },
})
  .read({
    summary: 'Read what is known of a key, except the key itself.',
    operationId: 'totp-read-key',
    replies: { 200: keyReply },
    run: async (c) => {
      const { issuer, accountName, period, algorithm, digits } = (await keys.get(c.view, c.params)) ?? absent()
      return ok(keyReply, { issuer, account_name: accountName, period, algorithm, digits })
    },
  })
  .write({
    summary: 'Make a key, or take in one of another service.',
    operationId: 'totp-create-key',
    fields: {
      generate: f.bool('Make a new key, instead of taking in the one that is sent.').default(false),
      exported: f.bool('Answer with the new key, as an address and as a QR code.').default(true),
      key_size: f.int('Bytes of the new key.').default(20),
      key: f.string('The key to take in, in Base32.').default('').sensitive(),
      issuer: f.string('Who issued the key; required for a new one.').default(''),
      account_name: f.string('Whose key it is; required for a new one.').default(''),
      period: f.duration('How long a code holds.').default(30),
      algorithm: f.string('The hash of the HMAC: SHA1, SHA256 or SHA512.').default('SHA1'),
      digits: f.int('Digits of a code: 6 or 8.').default(6),
      skew: f.int('Periods before and after the present one whose codes are good, too: 0 or 1.').default(1),
      qr_size: f.int('Pixels of a side of the QR code; 0 for none.').default(200),
      url: f
        .string('The key to take in, as an otpauth:// address; it goes before the other fields.')
        .default('')
        .sensitive(),
    },
    replies: { 200: generatedReply, 204: none },
    prepare: async (c) => {
      const wish = settledWish(c.in)
      const made: Key = {
        secret: wish.generate ? freshBytes(wish.key_size) : keyBytes(wish.key),
        issuer: wish.issuer,
        accountName: wish.account_name,
        period: wish.period,
        algorithm: wish.algorithm,
        digits: wish.digits,
        skew: wish.skew,
      }
      return { made, told: wish.generate && wish.exported ? await exported(made, wish.qr_size) : undefined }
    },
    run: (c, { made, told }) => {
      keys.put(c.view, c.params, made)
      return told === undefined ? done() : ok(generatedReply, told)
    },
  })
  .delete({
    summary: 'Delete a key.',
    operationId: 'totp-delete-key',
    replies: { 204: none },
    run: async (c) => {
      keys.delete(c.view, c.params)
      const now = c.clock.now()
      // The same key taken in again must not take its last code again; what is left here is swept away later.
      if (!(await triedCodes.get(c.view, c.params)).some(({ until }) => until > now))
        triedCodes.delete(c.view, c.params)
      return done()
    },
  })

async function exported(made: Key, size: number): Promise<{ url: string; barcode?: string }> {
  const url = otpauthUri(made)
  if (size === 0) return { url }
  const picture = await barcode(url, size)
  return typeof picture === 'string' ? { url, barcode: picture } : refuseBarcode(picture)
}
