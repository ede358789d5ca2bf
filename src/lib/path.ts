/**
 * The one place where a request target becomes a path. It is decoded once; whatever is not canonical after that is refused, so
 * that router, ACL, quota, audit and storage all see the same string.
 */

const MAX_PATH_BYTES = 1500
const MAX_SEGMENT_BYTES = 512
const MAX_TARGET_LENGTH = 16_384
const MAX_QUERY_PAIRS = 256
const PREFIX = '/v1/'

export type Query = readonly (readonly [name: string, value: string])[]

export type RequestPath =
  | { readonly ok: true; readonly path: string; readonly query: Query }
  | { readonly ok: false; readonly reason: string }

const NO_QUERY: Query = Object.freeze([])
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Parses a request target in origin form (`/v1/secret/data/a?version=1`), as Node hands it on in `req.url`: each code unit a byte.
 * `path` comes without `/v1/`, decoded, a trailing slash kept; `query` in the order sent, `+` as a space.
 */
export function canonicalRequestPath(target: string): RequestPath {
  if (target.length > MAX_TARGET_LENGTH) return refused(`it is longer than ${MAX_TARGET_LENGTH} bytes`)
  if (!target.startsWith(PREFIX))
    return refused(target.startsWith('/') ? 'it does not start with /v1/' : 'it is not an absolute path')
  const mark = target.indexOf('?', PREFIX.length)
  const decoded = decode(target.slice(PREFIX.length, mark < 0 ? target.length : mark), false)
  if (typeof decoded !== 'string') return refused(decoded.reason)
  const problem = pathProblem(decoded)
  if (problem !== undefined) return refused(problem)
  if (mark < 0) return { ok: true, path: decoded, query: NO_QUERY }
  const query = parseQuery(target.slice(mark + 1))
  return 'reason' in query ? refused(query.reason) : { ok: true, path: decoded, query }
}

/**
 * Why a decoded path (without `/v1/`, perhaps from a request's body) is not canonical; undefined if it is.
 * Names such as `user..aaa` are, and so is the empty path.
 */
export function pathProblem(path: string): string | undefined {
  if (path.length > MAX_PATH_BYTES) return `it is longer than ${MAX_PATH_BYTES} bytes`
  let start = 0
  let wide = false
  let backslash = false
  for (let i = 0; i <= path.length; i++) {
    const unit = i < path.length ? path.charCodeAt(i) : SLASH
    if (unit === SLASH) {
      const problem = segmentProblem(path, start, i)
      if (problem !== undefined) return problem
      start = i + 1
    } else if (unit < 0x20 || unit === 0x7f) return CONTROL
    else if (unit > 0x7f) wide = true
    else if (unit === BACKSLASH) backslash = true
  }
  // A backslash separates nothing here (`DOMAIN\user` is a name), but what reads as dot segments to other software is refused.
  if (backslash && path.split(/[/\\]/).some((part) => part === '.' || part === '..')) return DOTS
  return wide ? wideProblem(path) : undefined
}

const SLASH = 0x2f
const DOT = 0x2e
const BACKSLASH = 0x5c
const NOT_UTF8 = 'it is not valid UTF-8'
const CONTROL = 'it contains a control character'
const DOTS = 'it contains a "." or ".." segment'

function segmentProblem(path: string, start: number, end: number): string | undefined {
  // Empty at the end is a trailing slash, or the empty path.
  if (start === end) return end === path.length ? undefined : 'it contains an empty segment'
  if (end - start > MAX_SEGMENT_BYTES) return `a segment of it is longer than ${MAX_SEGMENT_BYTES} bytes`
  return path.charCodeAt(start) === DOT && isDots(path, start, end) ? DOTS : undefined
}

function isDots(path: string, start: number, end: number): boolean {
  return end - start === 1 || (end - start === 2 && path.charCodeAt(start + 1) === DOT)
}

function wideProblem(path: string): string | undefined {
  if (!path.isWellFormed()) return NOT_UTF8
  for (let i = 0; i < path.length; i++) if (isInvisible(path.charCodeAt(i))) return CONTROL
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `it is longer than ${MAX_PATH_BYTES} bytes`
  if (
    path.length * 3 > MAX_SEGMENT_BYTES &&
    path.split('/').some((part) => Buffer.byteLength(part) > MAX_SEGMENT_BYTES)
  ) {
    return `a segment of it is longer than ${MAX_SEGMENT_BYTES} bytes`
  }
  return undefined
}

/** C1 controls, line separators, the byte-order mark, noncharacters and whatever turns the direction of text (Unicode TR9, TR36). */
function isInvisible(unit: number): boolean {
  return (
    (unit >= 0x80 && unit <= 0x9f) ||
    unit === 0x61c ||
    unit === 0x200e ||
    unit === 0x200f ||
    (unit >= 0x2028 && unit <= 0x202e) ||
    (unit >= 0x2066 && unit <= 0x2069) ||
    unit === 0xfeff ||
    unit >= 0xfffe
  )
}

type Problem = { readonly reason: string }

/** `text`, percent-decoded once; `+` is a space in a query. */
function decode(text: string, inQuery: boolean): string | Problem {
  let plain = true
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit <= 0x20 || unit === 0x7f)
      return { reason: 'it contains a blank or a control character that is not percent-encoded' }
    if (unit === BACKSLASH) return { reason: 'it contains a backslash that is not percent-encoded' }
    if (unit === 0x23) return { reason: 'it contains a fragment ("#")' }
    if (unit > 0xff) return { reason: NOT_UTF8 }
    if (unit === 0x25 || unit > 0x7f || (inQuery && unit === 0x2b)) plain = false
  }
  return plain ? text : unescape(text, inQuery)
}

function unescape(text: string, inQuery: boolean): string | Problem {
  const bytes = new Uint8Array(text.length)
  let length = 0
  for (let i = 0; i < text.length; i++) {
    let unit = text.charCodeAt(i)
    if (unit === 0x25) {
      const value = hex(text.charCodeAt(i + 1)) * 16 + hex(text.charCodeAt(i + 2))
      if (Number.isNaN(value)) return { reason: 'it contains an invalid percent escape' }
      unit = value
      i += 2
    } else if (inQuery && unit === 0x2b) unit = 0x20
    bytes[length++] = unit
  }
  try {
    return utf8.decode(bytes.subarray(0, length))
  } catch {
    return { reason: NOT_UTF8 }
  }
}

/** The value of a hexadecimal digit, else NaN. */
function hex(unit: number): number {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30
  const lower = unit | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : Number.NaN
}

function parseQuery(text: string): Query | Problem {
  const pairs: (readonly [string, string])[] = []
  for (const part of text.split('&', MAX_QUERY_PAIRS + 1)) {
    if (part === '') continue
    const pair = parsePair(part)
    if ('reason' in pair) return { reason: `in its query: ${pair.reason}` }
    pairs.push(pair)
  }
  return pairs.length > MAX_QUERY_PAIRS ? { reason: `its query has more than ${MAX_QUERY_PAIRS} parameters` } : pairs
}

function parsePair(text: string): readonly [string, string] | Problem {
  if (text.includes(';')) return { reason: 'it contains a semicolon that is not percent-encoded' }
  const split = text.indexOf('=')
  if (split === 0) return { reason: 'it contains a parameter without a name' }
  const name = decode(split < 0 ? text : text.slice(0, split), true)
  if (typeof name !== 'string') return name
  const value = split < 0 ? '' : decode(text.slice(split + 1), true)
  if (typeof value !== 'string') return value
  return hasControl(name) || hasControl(value) ? { reason: CONTROL } : [name, value]
}

/** Whether a text has a character that no path may have. */
export function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x20 || (unit > 0x7e && (unit === 0x7f || isInvisible(unit)))) return true
  }
  return false
}

function refused(reason: string): RequestPath {
  return { ok: false, reason }
}
