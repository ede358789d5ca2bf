/** Reads and parses the body, after the token was found good: nobody without one can make the server parse anything but a log-in. */
import { requestErrors } from '../../errors/request.ts'
import { parseForm } from '../../lib/form.ts'
import { JsonError, parseObject, parseObjectAsync, quote, RawJson, type JsonLimits } from '../../lib/json/index.ts'
import { CofferError } from '../../errors/coffer-error.ts'
import type { Exchange } from '../exchange.ts'

const FORM = 'application/x-www-form-urlencoded'
const MERGE_PATCH = 'application/merge-patch+json'
/** Bodies above this are parsed in slices, so that no other request waits for them. */
const LARGE = 1 << 20

export function readBody(x: Exchange): Promise<void> | undefined {
  return x.bodyRead ? undefined : readBodyWithin(x, Infinity)
}

/** Of at most `max` bytes, and within what the listener takes. */
export async function readBodyWithin(x: Exchange, max: number): Promise<void> {
  const { request, wire } = x
  x.bodyRead = true
  const { operation } = request
  if (operation === 'read' || operation === 'list' || operation === 'scan' || operation === 'help') return
  if (operation === 'patch' && mediaType(x) !== MERGE_PATCH) throw requestErrors.PATCH_TYPE()
  if (x.hasRoute && x.route.found?.operation?.flags.streamedBody === true) {
    x.request = { ...request, openBody: () => wire.openBody() }
    return
  }
  const bytes = await wire.readBody(max)
  if (bytes.length > max) throw requestErrors.TOO_LARGE({ max })
  if (x.hasRoute && x.route.found?.operation?.flags.rawBody === true) {
    x.request = { ...request, rawBody: bytes }
    return
  }
  if (bytes.length === 0) return
  const limits = wire.listener.jsonLimits
  x.request = { ...request, body: isForm(x, bytes) ? formOf(bytes, limits) : await parse(bytes, limits) }
}

/** As in Vault: what says that it is a form, unless it begins as JSON does. Many programs send JSON and say nothing else of it. */
function isForm(x: Exchange, bytes: Uint8Array): boolean {
  if (x.request.operation === 'patch' || !x.request.headers.has('content-type') || mediaType(x) !== FORM) return false
  const first = bytes.find((byte) => !BLANKS.has(byte))
  return first !== undefined && first !== OPENS_OBJECT && first !== OPENS_LIST
}

const BLANKS: ReadonlySet<number> = new Set(Buffer.from(' \t\r\n'))
const OPENS_OBJECT = 0x7b
const OPENS_LIST = 0x5b

function formOf(bytes: Uint8Array, limits: JsonLimits): ReadonlyMap<string, RawJson> {
  const fields = bytes.length > limits.maxStringBytes ? undefined : parseForm(bytes)
  if (fields === undefined) throw requestErrors.BAD_FORM()
  return new Map([...fields].map(([name, value]) => [name, new RawJson(quote(value))]))
}

async function parse(bytes: Uint8Array, limits: JsonLimits): Promise<ReadonlyMap<string, RawJson>> {
  try {
    // `null` counts as no body, as in Vault.
    if (bytes.length === 4 && Buffer.from(bytes).equals(NULL)) return new Map()
    return bytes.length > LARGE ? await parseObjectAsync(bytes, limits) : parseObject(bytes, limits)
  } catch (error) {
    if (error instanceof CofferError || !(error instanceof JsonError)) throw error
    throw requestErrors.BAD_JSON({ reason: error.reason })
  }
}

const NULL = Buffer.from('null')

function mediaType(x: Exchange): string {
  const [value = FORM] = x.request.headers.get('content-type') ?? []
  return (value.split(';')[0] ?? '').trim().toLowerCase()
}
