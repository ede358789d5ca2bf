/** A key of 32 bytes that stands in the configuration or, better, elsewhere. It is looked at when the configuration is read, and not kept. */
import { readFileSync, statSync } from 'node:fs'
import type { StringValue } from '../lib/hcl/index.ts'
import { guard, type SecretBytes, wipe } from '../lib/secure/guarded.ts'
import { ownBytes } from '../lib/secure/random.ts'
import type { Field } from './field.ts'
import { codeOf } from './indirection.ts'
import type { Findings } from './problem.ts'

export interface KeyMaterial {
  /** Reads the key, for the caller to wipe. Throws a sentence that holds nothing of it. */
  open(): SecretBytes
  /** The file it stands in, if it does. */
  readonly file: string | undefined
}

const KEY_BYTES = 32
const MAX_FILE_BYTES = 4096

export function keyMaterial(help: string): Field<KeyMaterial | undefined> {
  const takes =
    'a key of 32 bytes: base64, hexadecimal, `env://NAME`, or a file (also of raw bytes) as `file:///path` or its path'
  return {
    status: 'active',
    takes,
    help,
    default: undefined,
    defaultText: '',
    merge: 'last',
    read: (value, findings, key) => {
      if (value.kind !== 'string') return findings.problem(value.at, `${key} takes ${takes}`)
      return value.value === '' ? undefined : read(value, findings, key)
    },
  }
}

function read(value: StringValue, findings: Findings, key: string): KeyMaterial | undefined {
  const place = placeOf(value.value)
  const file = place.kind === 'file' ? place.path : undefined
  const material = { open: () => keyAt(place, value.value), file }
  try {
    material.open().wipe()
    if (file !== undefined && (statSync(file).mode & 0o077) !== 0)
      findings.expose(file, 'other users of this machine can read this secret: chmod 600')
    return material
  } catch (error) {
    return findings.problem(value.at, `${key}: ${error instanceof Error ? error.message : 'it cannot be read'}`)
  }
}

type Place =
  | { readonly kind: 'environment'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'here' }

function placeOf(text: string): Place {
  if (text.startsWith('env://')) return { kind: 'environment', name: text.slice('env://'.length) }
  if (text.startsWith('file://')) return { kind: 'file', path: text.slice('file://'.length) }
  // Base64 may start with a slash, too.
  if (text.startsWith('/') && lengthOf(text) !== KEY_BYTES) return { kind: 'file', path: text }
  return { kind: 'here' }
}

function keyAt(place: Place, text: string): SecretBytes {
  switch (place.kind) {
    case 'file':
      return ofFile(place.path)
    case 'environment': {
      const given = process.env[place.name]
      if (given === undefined) throw new Error(`the environment has no variable ${place.name}`)
      return ofText(given, `the variable ${place.name}`)
    }
    default:
      return ofText(text, 'it')
  }
}

function ofFile(path: string): SecretBytes {
  const bytes = contentOf(path)
  try {
    if (bytes.length !== KEY_BYTES) return ofText(bytes.toString('latin1'), path)
    const key = ownBytes(KEY_BYTES)
    key.set(bytes)
    return guard(key)
  } finally {
    wipe(bytes)
  }
}

function contentOf(path: string): Buffer {
  try {
    const stat = statSync(path)
    if (stat.isFile() && stat.size <= MAX_FILE_BYTES) return readFileSync(path)
  } catch (error) {
    throw new Error(`${path} cannot be read (${codeOf(error)})`, { cause: error })
  }
  throw new Error(`${path} is not a file of at most ${MAX_FILE_BYTES} bytes`)
}

function ofText(given: string, where: string): SecretBytes {
  const text = given.trim()
  const encoding = /^[0-9a-fA-F]{64}$/.test(text) ? 'hex' : 'base64'
  if (lengthOf(text) !== KEY_BYTES) throw new Error(`${where} is not a key of 32 bytes in base64 or hexadecimal`)
  const key = ownBytes(KEY_BYTES)
  const decoded = Buffer.from(text, encoding)
  key.set(decoded)
  wipe(decoded)
  return guard(key)
}

/** Bytes of what is hexadecimal or base64; 0 of anything else. */
function lengthOf(text: string): number {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return KEY_BYTES
  return /^[A-Za-z0-9+/]{43}=?$/.test(text) ? KEY_BYTES : 0
}
