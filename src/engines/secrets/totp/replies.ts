import { f, replySchema } from '#framework'

export const keysReply = replySchema('Names of the keys.', { keys: f.strings('The names.') })

export const keyReply = replySchema('What is known of a key; never the key itself.', {
  issuer: f.string('Who issued it.'),
  account_name: f.string('Whose it is.'),
  period: f.int('Seconds for which a code holds.'),
  algorithm: f.string('SHA1, SHA256 or SHA512.'),
  digits: f.int('Digits of a code.'),
})

export const generatedReply = replySchema('A new key, told this once.', {
  url: f.string('The key as an otpauth:// address, which authenticators read.').sensitive(),
  barcode: f.string('The same as a QR code: a PNG in Base64.').sensitive(),
})

export const codeReply = replySchema('The code that holds now.', {
  code: f.string('The code.').sensitive(),
  generated: f.int('When it was made, in seconds since 1970.'),
  expire_time: f.int('When its period ends, in seconds since 1970.'),
  period: f.string('How long a period is: "30s".'),
})

export const validReply = replySchema('Whether the code is good.', { valid: f.bool('True for a good one.') })
