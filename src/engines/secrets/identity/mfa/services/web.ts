/** Requests to the services that ask telephones. */
import { fromUtf8, membersOf, RawJson } from '#framework'

export type Web = (url: string, init: RequestInit) => Promise<Response>

export interface ServiceCall {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal: AbortSignal
}

export interface ServiceAnswer {
  readonly status: number
  readonly text: string
}

/** A service that was not reached, or answered what it must not. What it said stays out of it. */
export class ServiceError extends Error {}

const MOST_BYTES = 1 << 20
/** Longer than the longest that one of them waits before it says that nothing happened yet, ms. */
const PATIENCE = 75_000

/** Follows no redirect: what is sent is meant for this host. Throws a `ServiceError`. */
export async function callService(web: Web, call: ServiceCall): Promise<ServiceAnswer> {
  try {
    const response = await web(call.url, {
      method: call.method,
      headers: { Accept: 'application/json', ...call.headers },
      ...(call.body === undefined ? {} : { body: call.body }),
      redirect: 'error',
      signal: AbortSignal.any([call.signal, AbortSignal.timeout(PATIENCE)]),
    })
    return { status: response.status, text: await textOf(response) }
  } catch (error) {
    throw error instanceof ServiceError ? error : new ServiceError('it could not be reached', { cause: error })
  }
}

async function textOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body ?? []) {
    size += part.length
    if (size > MOST_BYTES) throw new ServiceError('its answer is too long')
    parts.push(part)
  }
  return fromUtf8(Buffer.concat(parts))
}

/** A JSON object of an answer. Throws a `ServiceError` for anything else. */
export function objectOf(text: string): RawJson {
  try {
    JSON.parse(text)
  } catch {
    throw new ServiceError('its answer is no JSON')
  }
  return new RawJson(text.trim())
}

/** The text at a place in an object, or of a number; empty where there is none. */
export function textAt(object: RawJson, ...path: readonly string[]): string {
  const found = at(object, ...path)
  const value = found?.value()
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
}

export function at(object: RawJson, ...path: readonly string[]): RawJson | undefined {
  let here: RawJson | undefined = object
  for (const name of path) here = here?.kind === 'object' ? membersOf(here)?.get(name) : undefined
  return here
}

/** The objects of a list. */
export function listOf(list: RawJson): readonly RawJson[] {
  const value = list.kind === 'array' ? list.value() : []
  return Array.isArray(value) ? value.map((item) => new RawJson(JSON.stringify(item))) : []
}
