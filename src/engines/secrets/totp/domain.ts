/** The rules of keys and codes, without storage. Source: https://developer.hashicorp.com/vault/api-docs/secret/totp */
import { defineErrors } from '#framework'
import { fromBase32 } from '../../../lib/otp/base32.ts'
import type { BarcodeProblem } from '../../../lib/otp/barcode.ts'
import { algorithms, type Algorithm } from '../../../lib/otp/codes.ts'
import { readOtpauthUri, type LabelledKey } from '../../../lib/otp/uri.ts'

/** Of its picture a side is so many pixels at most: what is bigger costs memory and shows no more. */
const MOST_PIXELS = 4096
/** An HMAC hashes longer keys down first. */
const MOST_KEY_BYTES = 1024

export const totpErrors = defineErrors('TOTP', {
  UNKNOWN_KEY: { status: 400, message: (p: { name: string }) => `unknown key: ${p.name}` },
  KEY_AND_GENERATE: { status: 400, message: 'a key should not be passed if generate is true' },
  URL_AND_GENERATE: { status: 400, message: 'a url should not be passed if generate is true' },
  BAD_URL: { status: 400, message: 'an error occurred while parsing url string' },
  BAD_URL_NUMBER: {
    status: 400,
    message: (p: { name: string }) => `an error occurred while parsing ${p.name} value in url`,
  },
  DIGITS: { status: 400, message: 'the digits value can only be 6 or 8' },
  ALGORITHM: { status: 400, message: 'the algorithm value is not valid' },
  PERIOD: { status: 400, message: 'the period value must be greater than zero' },
  SKEW: { status: 400, message: 'the skew value must be 0 or 1' },
  QR_SIZE: { status: 400, message: 'the qr_size value must be greater than or equal to zero' },
  LARGE_QR: { status: 400, message: `the qr_size value must not be greater than ${MOST_PIXELS}` },
  SMALL_QR: {
    status: 400,
    message: (p: { least: number }) =>
      `the qr_size value must be at least ${p.least} for this key, or 0 for no QR code`,
  },
  LONG_QR: { status: 400, message: 'the names and the key are too long for a QR code; set qr_size to 0' },
  KEY_SIZE: { status: 400, message: 'the key_size value must be greater than zero' },
  LARGE_KEY: { status: 400, message: `the key_size value must not be greater than ${MOST_KEY_BYTES}` },
  NO_ACCOUNT_NAME: { status: 400, message: 'the account_name value is required for generated keys' },
  NO_ISSUER: { status: 400, message: 'the issuer value is required for generated keys' },
  NO_KEY: { status: 400, message: 'the key value is required' },
  BAD_KEY: {
    status: 400,
    message: (p: { at: number }) => `invalid key value: illegal base32 data at input byte ${p.at}`,
  },
  NO_CODE: { status: 400, message: 'the code value is required' },
  CODE_LENGTH: { status: 400, message: 'invalid number of digits for the code' },
  CODE_USED: { status: 400, message: 'code already used; wait until the next time period' },
})

/** The fields of a request, each as it came or as its default. */
export interface KeyWish {
  readonly generate: boolean
  readonly exported: boolean
  readonly key_size: number
  readonly key: string
  readonly issuer: string
  readonly account_name: string
  /** Seconds. */
  readonly period: number
  readonly algorithm: string
  readonly digits: number
  readonly skew: number
  readonly qr_size: number
  readonly url: string
}

export interface Key extends LabelledKey {
  readonly skew: number
}

/** What a request asks for, with what its address says put in. Throws where nothing can be made of that, in Vault's order. */
export function settledWish(wish: KeyWish): KeyWish & { readonly algorithm: Algorithm } {
  if (wish.generate && wish.key !== '') throw totpErrors.KEY_AND_GENERATE()
  if (wish.generate && wish.url !== '') throw totpErrors.URL_AND_GENERATE()
  const settled = wish.url === '' ? wish : withUrl(wish)
  const algorithm = algorithms.find((name) => name === settled.algorithm)
  if (settled.digits !== 6 && settled.digits !== 8) throw totpErrors.DIGITS()
  if (algorithm === undefined) throw totpErrors.ALGORITHM()
  if (settled.period <= 0) throw totpErrors.PERIOD()
  if (settled.skew !== 0 && settled.skew !== 1) throw totpErrors.SKEW()
  if (settled.qr_size < 0) throw totpErrors.QR_SIZE()
  if (settled.qr_size > MOST_PIXELS) throw totpErrors.LARGE_QR()
  if (settled.key_size <= 0) throw totpErrors.KEY_SIZE()
  if (settled.key_size > MOST_KEY_BYTES) throw totpErrors.LARGE_KEY()
  if (settled.generate && settled.account_name === '') throw totpErrors.NO_ACCOUNT_NAME()
  if (settled.generate && settled.issuer === '') throw totpErrors.NO_ISSUER()
  if (!settled.generate && settled.key === '') throw totpErrors.NO_KEY()
  return { ...settled, algorithm }
}

function withUrl(wish: KeyWish): KeyWish {
  const parts = readOtpauthUri(wish.url)
  if (parts === undefined) throw totpErrors.BAD_URL()
  return {
    ...wish,
    issuer: parts.issuer ?? wish.issuer,
    account_name: parts.accountName,
    key: parts.secret,
    period: numberIn('period', parts.period) ?? wish.period,
    digits: numberIn('digits', parts.digits) ?? wish.digits,
    algorithm: parts.algorithm ?? wish.algorithm,
  }
}

function numberIn(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[+-]?\d{1,15}$/.test(text)) throw totpErrors.BAD_URL_NUMBER({ name })
  return Number(text)
}

export function keyBytes(text: string): Uint8Array {
  const bytes = fromBase32(text)
  if ('wrongAt' in bytes) throw totpErrors.BAD_KEY({ at: bytes.wrongAt })
  return bytes
}

export function refuseBarcode(problem: BarcodeProblem): never {
  throw 'tooSmall' in problem ? totpErrors.SMALL_QR({ least: problem.tooSmall }) : totpErrors.LONG_QR()
}
