/**
 * Golden transcripts: requests and the answers they must get, as data. A file is a list of steps that share one fresh mount (or,
 * for an engine that is always there, one fresh token). They are replayed against an engine in this process, a started server, or
 * a reference server; a step on which this program means to differ from the reference says why in `differs`.
 *
 *     bin/node test/support/golden.ts [--reference] <address> <token> <file>...
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { EngineUnderTest } from './engine.ts'
import { request, type Answer } from './http.ts'
import { textAt } from './json.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

export interface Step {
  readonly name: string
  readonly request: {
    readonly method: string
    /** Relative to the mount, percent-encoded, with its query. */
    readonly path: string
    readonly body?: Json
    /** The body's text, where its bytes matter. */
    readonly text?: string
    readonly headers?: Readonly<Record<string, string>>
  }
  /** Without `body` or `errors`: Vault's envelope around `data` and `warnings`; no body at all with status 204 or `empty`. */
  readonly expect: {
    readonly status: number
    readonly data?: Json
    readonly warnings?: Json
    readonly lease_duration?: number
    readonly errors?: readonly string[]
    readonly body?: Json
    readonly empty?: boolean
    /** Pieces of the answer's text, byte for byte. */
    readonly contains?: readonly string[]
  }
  readonly differs?: string
}

export interface Golden {
  readonly title: string
  /** What to mount; absent where the engine is always mounted at `path`. */
  readonly mount?: { readonly type: string; readonly options?: Readonly<Record<string, string>> }
  readonly path?: string
  readonly type: string
  readonly steps: readonly Step[]
}

export interface Sent {
  readonly status: number
  readonly text: string
}

export type Send = (step: Step) => Promise<Sent>

export function readGolden(file: string): Golden {
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** What is wrong with an answer, or undefined. `optional` names members of the envelope that a reference may lack. */
export function fault(golden: Golden, step: Step, sent: Sent, optional: readonly string[] = []): string | undefined {
  const { expect } = step
  try {
    assert.equal(sent.status, expect.status, `status ${sent.status}: ${sent.text}`)
    for (const piece of expect.contains ?? []) assert.ok(sent.text.includes(piece), `lacks ${piece}: ${sent.text}`)
    const wanted = expectedBody(golden, step)
    if (wanted === undefined) assert.equal(sent.text.trim(), '')
    else match(JSON.parse(sent.text), wanted, 'body', optional)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function expectedBody(golden: Golden, step: Step): Json | undefined {
  const { status, data = null, warnings = null, errors, body, empty, lease_duration: leaseDuration = 0 } = step.expect
  if (status === 204 || empty === true) return undefined
  if (body !== undefined) return body
  if (errors !== undefined) return { errors }
  return {
    request_id: '<uuid>',
    lease_id: '',
    renewable: false,
    lease_duration: leaseDuration,
    data,
    wrap_info: null,
    warnings,
    auth: null,
    mount_type: golden.type,
  }
}

const PLACEHOLDERS: Readonly<Record<string, (value: unknown) => boolean>> = {
  '<uuid>': (value) => typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value),
  '<time>': (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value),
  '<accessor>': (value) => typeof value === 'string' && /^\w+_[0-9a-f]{8}$/.test(value),
  '<int>': (value) => Number.isSafeInteger(value),
  '<string>': (value) => typeof value === 'string' && value !== '',
  '<any>': () => true,
}

function match(actual: unknown, wanted: Json, where: string, optional: readonly string[] = []): void {
  if (typeof wanted === 'string' && Object.hasOwn(PLACEHOLDERS, wanted)) {
    assert.ok(PLACEHOLDERS[wanted]?.(actual), `${where} is no ${wanted}: ${JSON.stringify(actual)}`)
    return
  }
  if (wanted === null || typeof wanted !== 'object')
    return assert.deepEqual(actual, wanted, `${where}: ${JSON.stringify(actual)}`)
  assert.ok(typeof actual === 'object' && actual !== null, `${where}: ${JSON.stringify(actual)}`)
  assert.equal(Array.isArray(actual), Array.isArray(wanted), `${where}: ${JSON.stringify(actual)}`)
  const found = new Map<string, unknown>(Object.entries(actual))
  const members = Object.entries(wanted).filter(([name]) => !optional.includes(name) || found.has(name))
  assert.deepEqual([...found.keys()].toSorted(), members.map(([name]) => name).toSorted(), `members of ${where}`)
  for (const [name, value] of members) match(found.get(name), value, `${where}.${name}`)
}

/** Sends a step to an engine in this process. */
export function toEngine(engine: EngineUnderTest): Send {
  return (step) => engine.request(step.request.method, step.request.path, bodyOf(step), headersOf(step))
}

function bodyOf({ request: { text, body } }: Step): string {
  return text ?? (body === undefined ? '' : JSON.stringify(body))
}

function headersOf({ request: { method, headers = {} } }: Step): Readonly<Record<string, string>> {
  return method === 'PATCH' ? { 'Content-Type': 'application/merge-patch+json', ...headers } : headers
}

/** Calls `use` with a mount of its own on a running server, or with a token of its own where the engine is always mounted. */
export async function onServer(
  golden: Golden,
  address: string,
  token: string,
  use: (send: Send) => Promise<void>,
): Promise<void> {
  const { mount, path = `golden-${randomBytes(4).toString('hex')}/` } = golden
  if (mount === undefined) {
    const made = await request(address, 'POST', '/v1/auth/token/create', {
      token,
      body: { no_default_policy: false, policies: ['default'] },
    })
    const own = textAt(made.json, 'auth', 'client_token')
    await use(overHttp(address, path, own))
    await request(address, 'POST', '/v1/auth/token/revoke-self', { token: own })
    return
  }
  const at = `/v1/sys/mounts/${path.slice(0, -1)}`
  const enabled = await request(address, 'POST', at, { token, body: mount })
  assert.equal(enabled.status, 204, enabled.text)
  await untilReady(() => request(address, 'GET', `/v1/${path}config`, { token }))
  await use(overHttp(address, path, token))
  await request(address, 'DELETE', at, { token })
}

function overHttp(address: string, path: string, token: string): Send {
  return (step) => {
    const bytes = bodyOf(step)
    return request(address, step.request.method, `/v1/${path}${step.request.path}`, {
      token,
      headers: headersOf(step),
      ...(bytes === '' ? {} : { bytes }),
    })
  }
}

/** OpenBao prepares a versioned mount in the background and answers 400 meanwhile. */
async function untilReady(probe: () => Promise<Answer>): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if ((await probe()).status !== 400) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function main(args: readonly string[]): Promise<number> {
  const reference = args.includes('--reference')
  const [address = '', token = '', ...files] = args.filter((arg) => arg !== '--reference')
  let faults = 0
  for (const file of files) {
    const golden = readGolden(file)
    await onServer(golden, address, token, async (send) => {
      for (const step of golden.steps) {
        const found = fault(golden, step, await send(step), reference ? ['mount_type'] : [])
        const stale = reference && step.differs !== undefined && found === undefined
        if (stale)
          console.log(`${file}: ${step.name}: the reference answers the same, so there is no difference to explain`)
        else if (found !== undefined && !(reference && step.differs !== undefined))
          console.log(`${file}: ${step.name}: ${found}`)
        else continue
        faults++
      }
    })
  }
  console.log(faults === 0 ? 'all as written' : `${faults} steps are not as written`)
  return faults === 0 ? 0 : 1
}

if (import.meta.main) process.exit(await main(process.argv.slice(2)))
