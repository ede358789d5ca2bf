/** Reads and parses the body, after the token was found good: nobody without one can make the server parse anything but a log-in. */
import { requestErrors } from '../../errors/request.ts'
import { JsonError, parseObject, parseObjectAsync, type JsonLimits, type RawJson } from '../../lib/json/index.ts'
import { CofferError } from '../../errors/coffer-error.ts'
import type { Exchange } from '../exchange.ts'

const FORM = 'application/x-www-form-urlencoded'
const MERGE_PATCH = 'application/merge-patch+json'
/** Bodies above this are parsed in slices, so that no other request waits for them. */
const LARGE = 1 << 20

export async function readBody(x: Exchange): Promise<void> {
  const { request, wire } = x
  const { operation } = request
  if (operation === 'read' || operation === 'list' || operation === 'scan' || operation === 'help') return
  if (operation === 'patch' && mediaType(x) !== MERGE_PATCH) throw requestErrors.PATCH_TYPE()
  if (x.hasRoute && x.route.found?.operation?.flags.streamedBody === true) {
    x.request = { ...request, openBody: () => wire.openBody() }
    return
  }
  const bytes = await wire.readBody()
  if (x.hasRoute && x.route.found?.operation?.flags.rawBody === true) {
    x.request = { ...request, rawBody: bytes }
    return
  }
  if (bytes.length === 0) return
  x.request = { ...request, body: await parse(bytes, wire.listener.jsonLimits) }
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
