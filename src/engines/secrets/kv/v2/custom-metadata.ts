/** What a client may note about a secret, and the sentences in which Vault refuses the rest. */
import { defineErrors, f, membersOf, type RawJson } from '#framework'

const MAX_KEYS = 64
const MAX_KEY_BYTES = 128
const MAX_VALUE_BYTES = 512

const errors = defineErrors('KV_CUSTOM_METADATA', {
  VALUE_TYPE: {
    status: 400,
    message: (p: { key: string }) =>
      `custom_metadata validation failed: value for key ${quoted(p.key)} must be a string`,
  },
  INVALID: { status: 400, message: (p: { faults: readonly string[] }) => list(p.faults) },
})

const text = f.string()

/** Letters, marks, numbers, punctuation, symbols and the blank, as Go's `unicode.IsPrint`. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u

/** Names and their texts as sent, `null` where a name is to go. Throws for a value that is no scalar. */
export function parseCustomMetadata(raw: RawJson | null): ReadonlyMap<string, string | null> {
  const out = new Map<string, string | null>()
  for (const [key, value] of (raw && membersOf(raw)) ?? []) {
    const parsed = value.kind === 'null' ? null : text.tryParse(value)
    if (parsed === undefined) throw errors.VALUE_TYPE({ key })
    out.set(key, parsed)
  }
  return out
}

/** Replaces all of it. A null is an empty text, which is refused. */
export function newCustomMetadata(raw: RawJson | null): ReadonlyMap<string, string> {
  const out = new Map<string, string>()
  for (const [key, value] of parseCustomMetadata(raw)) out.set(key, value ?? '')
  return checked(out)
}

/** A JSON merge patch: a null takes a name away, and null instead of an object takes all. */
export function patchCustomMetadata(
  before: ReadonlyMap<string, string>,
  raw: RawJson | null,
): ReadonlyMap<string, string> {
  const out = new Map(raw === null ? [] : before)
  for (const [key, value] of parseCustomMetadata(raw)) {
    if (value === null) out.delete(key)
    else out.set(key, value)
  }
  return checked(out)
}

function checked(custom: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const faults =
    custom.size > MAX_KEYS ? [tooMany(custom.size)] : [...custom].flatMap(([key, value]) => faultsOf(key, value))
  if (faults.length > 0) throw errors.INVALID({ faults })
  return custom
}

function tooMany(count: number): string {
  return `payload must contain at most ${MAX_KEYS} keys, provided ${count}`
}

function faultsOf(key: string, value: string): string[] {
  const faults: string[] = []
  const keyBytes = Buffer.byteLength(key)
  const valueBytes = Buffer.byteLength(value)
  const name = quoted(key)
  if (keyBytes === 0 || keyBytes > MAX_KEY_BYTES) {
    faults.push(`length of key ${name} is ${keyBytes} but must be 0 < len(key) <= ${MAX_KEY_BYTES}`)
  }
  if (valueBytes === 0 || valueBytes > MAX_VALUE_BYTES) {
    faults.push(`length of value for key ${name} is ${valueBytes} but must be 0 < len(value) <= ${MAX_VALUE_BYTES}`)
  }
  if (!PRINTABLE.test(key)) faults.push(`key ${name} (${key}) contains unprintable characters`)
  if (!PRINTABLE.test(value)) faults.push(`value for key ${name} contains unprintable characters`)
  return faults
}

function list(faults: readonly string[]): string {
  const head = faults.length === 1 ? '1 error occurred' : `${faults.length} errors occurred`
  return `${head}:\n${faults.map((fault) => `\t* custom_metadata validation failed: ${fault}\n`).join('')}\n`
}

function quoted(key: string): string {
  return JSON.stringify(key)
}
