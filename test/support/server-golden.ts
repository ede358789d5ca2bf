/**
 * Golden transcripts of a whole server: paths are those after `/v1/`, a step may use another token than root's or none, and may keep a
 * piece of its answer for the steps after it. Otherwise as the transcripts of engines (`golden.ts`).
 *
 * In paths, bodies and tokens `{name}` stands for what was kept under that name, `{folder}` for the server's own folder, and
 * `{root}` for the root token.
 */
import { readFileSync } from 'node:fs'
import { fault, type Json } from './golden.ts'
import { request } from './http.ts'

export interface ServerStep {
  readonly name: string
  readonly request: {
    readonly method: string
    readonly path: string
    readonly body?: Json
    readonly text?: string
    /** What a token was kept as, or a text that is no token; none if empty, root's if left out. */
    readonly token?: string
    readonly headers?: Readonly<Record<string, string>>
  }
  /** Without `body`, `errors` or `empty`: Vault's envelope. */
  readonly expect: {
    readonly status: number
    readonly data?: Json
    /** The members of `data` stand at the top, too. */
    readonly flat?: boolean
    readonly auth?: Json
    readonly warnings?: Json
    readonly lease_duration?: number
    /** `mount_type`, unless it is the system. */
    readonly type?: string
    readonly errors?: readonly string[]
    readonly body?: Json
    readonly empty?: boolean
  }
  /** Names to members of the answer: `{ "token": "auth.client_token" }`. */
  readonly capture?: Readonly<Record<string, string>>
  /** Why this is not what the reference answers. */
  readonly differs?: string
}

export interface ServerGolden {
  readonly title: string
  readonly server?: 'uninitialized'
  readonly steps: readonly ServerStep[]
}

export interface Target {
  readonly address: string
  readonly token: string
  readonly folder: string
}

export function readServerGolden(file: string): ServerGolden {
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** Sends each step in turn; what was not answered as written. */
export async function replay(golden: ServerGolden, target: Target): Promise<readonly string[]> {
  const kept = new Map([
    ['root', target.token],
    ['folder', target.folder],
  ])
  const faults: string[] = []
  for (const step of golden.steps) {
    const answer = await send(step, target, kept)
    const wanted = { status: step.expect.status, ...expected(step, kept) }
    const type = step.expect.type ?? 'system'
    const found = fault({ title: golden.title, type, steps: [] }, { ...step, expect: wanted }, answer)
    if (found !== undefined) faults.push(`${step.name}: ${found}`)
    for (const [name, path] of Object.entries(step.capture ?? {})) kept.set(name, pick(answer.json, path))
  }
  return faults
}

function send({ request: sent }: ServerStep, target: Target, kept: ReadonlyMap<string, string>) {
  const { method, path, body, text, token = 'root', headers = {} } = sent
  const bytes = text ?? (body === undefined ? undefined : filled(JSON.stringify(body), kept))
  return request(target.address, method, `/v1/${filled(path, kept)}`, {
    token: kept.get(token) ?? token,
    headers,
    ...(bytes === undefined ? {} : { bytes }),
  })
}

function filled(text: string, kept: ReadonlyMap<string, string>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => kept.get(name) ?? whole)
}

function expected(
  step: ServerStep,
  kept: ReadonlyMap<string, string>,
): { body?: Json; errors?: readonly string[]; empty?: boolean } {
  const { errors, body, empty, data = null, flat = false, auth = null, warnings = null, ...more } = step.expect
  if (errors !== undefined) return { errors: errors.map((text) => filled(text, kept)) }
  if (body !== undefined) return { body: JSON.parse(filled(JSON.stringify(body), kept)) }
  if (empty !== undefined) return { empty }
  const known: Json = JSON.parse(filled(JSON.stringify(data), kept))
  const envelope = {
    request_id: '<uuid>',
    lease_id: '',
    renewable: false,
    lease_duration: more.lease_duration ?? 0,
    data: known,
    wrap_info: null,
    warnings,
    auth: JSON.parse(filled(JSON.stringify(auth), kept)),
    mount_type: more.type ?? 'system',
  }
  return { body: flat && isObject(known) ? { ...known, ...envelope } : envelope }
}

function isObject(value: Json): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function pick(json: unknown, path: string): string {
  let here: unknown = json
  for (const name of path.split('.')) {
    here =
      typeof here === 'object' && here !== null ? new Map<string, unknown>(Object.entries(here)).get(name) : undefined
  }
  if (typeof here !== 'string') throw new Error(`the answer has no ${path}`)
  return here
}
