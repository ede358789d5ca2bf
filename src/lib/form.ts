/** Forms (`application/x-www-form-urlencoded`), as browsers and the clients of OAuth send them. */
import { isUtf8 } from 'node:buffer'

/** Fields of one form. */
const MAX_FIELDS = 1000

/**
 * The fields by name; several of one name joined with commas, as in Vault. Undefined for bytes that are no form: a broken escape, text that
 * is not UTF-8, or more than a thousand fields.
 */
export function parseForm(bytes: Uint8Array): ReadonlyMap<string, string> | undefined {
  if (!isUtf8(bytes)) return undefined
  const out = new Map<string, string>()
  let fields = 0
  for (const part of Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString().split('&')) {
    if (part === '') continue
    const at = part.indexOf('=')
    const name = decoded(at === -1 ? part : part.slice(0, at))
    const value = at === -1 ? '' : decoded(part.slice(at + 1))
    if (name === undefined || value === undefined || ++fields > MAX_FIELDS) return undefined
    const before = out.get(name)
    out.set(name, before === undefined ? value : `${before},${value}`)
  }
  return out
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
