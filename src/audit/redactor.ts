/**
 * What a device does with strings: HMAC them, or (`log_raw`) leave them. All of an entry is written through one of
 * these.
 */
import { quote } from '../lib/json/index.ts'
import type { Hmac } from './hmac.ts'
import { replaceStrings, replaceStringsExcept } from './hash-text.ts'

export interface Redactor {
  /** The JSON literal that stands for a string. */
  string(value: string): string
  bytes(value: Uint8Array): string
  /** An accessor, which `hmac_accessor=false` leaves in clear. */
  accessor(value: string): string
  /** The JSON that stands for valid JSON text. */
  json(text: string): string
  /** Strings whose nearest key is in `clear` stay; the text itself stands under the key `nearest`. */
  jsonExcept(text: string, clear: ReadonlySet<string>, nearest: string): string
}

export function hashing(hmac: Hmac, hmacAccessor: boolean): Redactor {
  const string = (value: string): string => `"${hmac.string(value)}"`
  return {
    string,
    bytes: (value) => `"${hmac.bytes(value)}"`,
    accessor: hmacAccessor ? string : quote,
    json: (text) => onOneLine(replaceStrings(text, string)),
    jsonExcept: (text, clear, nearest) => onOneLine(replaceStringsExcept(text, string, clear, nearest)),
  }
}

const utf8 = new TextDecoder()

export const clear: Redactor = {
  string: quote,
  bytes: (value) => quote(utf8.decode(value)),
  accessor: quote,
  json: onOneLine,
  jsonExcept: onOneLine,
}

/**
 * A client's JSON keeps its white space; inside of strings JSON has no bare line breaks, so those here are between
 * tokens.
 */
export function onOneLine(text: string): string {
  return text.includes('\n') || text.includes('\r') ? text.replaceAll(/[\n\r]/gu, ' ') : text
}
