/** How an entry's JSON becomes one line of a device. */
import { isAscii } from 'node:buffer'
import { jsonx } from './jsonx.ts'

export interface Format {
  readonly name: 'json' | 'jsonx'
  /** The line of an entry, with its line feed. */
  line(json: string): string
  /** Bytes of some lines: whatever a terminal or a reader of lines could take for a command is escaped. */
  encode(lines: string): Buffer
  /** Where a member may be put into a line, in bytes from its start, and how it stands there. */
  readonly memberAt: number
  member(name: string, json: string): string
  /** A line, without its line feed, with one more text member at its end. */
  signed(line: string, name: string, text: string): string
}

export function jsonFormat(prefix: string): Format {
  return {
    name: 'json',
    line: (json) => `${prefix}${json}\n`,
    encode: (lines) => encode(lines, jsonEscape),
    memberAt: prefix.length + 1,
    member: (name, json) => `"${name}":${json},`,
    signed: (line, name, text) => `${line.slice(0, -1)},"${name}":"${text}"}`,
  }
}

export function jsonxFormat(prefix: string): Format {
  return {
    name: 'jsonx',
    line: (json) => `${prefix}${jsonx(json)}\n`,
    encode: (lines) => encode(lines, xmlEscape),
    memberAt: prefix.length,
    member: (name, json) => jsonx(`{"${name}":${json}}`),
    signed: (line, name, text) => `${line}<json:string name="${name}">${text}</json:string>`,
  }
}

/** Valid bare in JSON and XML, but not in a log: DEL, C1 controls, line separators, and what reorders or hides text. */
const CONTROLS = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu

function encode(lines: string, escape: (character: string) => string): Buffer {
  const bytes = Buffer.from(lines)
  if (isAscii(bytes) && !bytes.includes(0x7f)) return bytes
  return Buffer.from(lines.replace(CONTROLS, escape))
}

function jsonEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function xmlEscape(character: string): string {
  return `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`
}
