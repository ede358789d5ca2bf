/**
 * Everything at once for a while: secrets written, read back over another connection and listed, tokens made, used and revoked. What
 * was acknowledged is looked for; what is not as it should be is an error. Each second a sample is taken.
 */
import { listAt } from './json.ts'
import { RawClient, type RawAnswer } from './raw-client.ts'

export interface SoakTarget {
  readonly address: string
  readonly token: string
  /** What is to be watched besides; asked for each second. */
  watch(): Promise<Watched>
}

/** MiB. */
export interface Watched {
  readonly resident: number
  /** What of it is no file's. */
  readonly own: number
  /** JavaScript's, of the main thread. */
  readonly heap: number
}

export interface Sample extends Watched {
  /** Since the beginning, s. */
  readonly at: number
  /** Requests answered since the last sample. */
  readonly requests: number
  readonly errors: number
}

export interface SoakResult {
  readonly samples: readonly Sample[]
  /** The first of them, in words. */
  readonly errors: readonly string[]
  readonly requests: number
}

export interface SoakOptions {
  readonly seconds: number
  readonly clients: number
  sampled?(sample: Sample): void
}

/** Secrets of each client. */
const KEYS = 50
/** Of all errors so many are told of. */
const TOLD = 20

/** The mount `secret/` is KV v2. Never rejects for what the server does: that is in the result. */
export async function soak(target: SoakTarget, options: SoakOptions): Promise<SoakResult> {
  const samples: Sample[] = []
  const errors: string[] = []
  const began = performance.now()
  const end = began + options.seconds * 1000
  const count = { requests: 0, errors: 0 }
  const failed = (text: string) => {
    count.errors++
    if (errors.length < TOLD) errors.push(text)
  }
  const clients = Array.from({ length: options.clients }, (_, id) =>
    new SoakClient(id, target, () => count.requests++, failed).run(end),
  )
  let before = { ...count }
  while (performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 1000))
    const watched = await target.watch()
    const now = { ...count }
    const sample: Sample = {
      at: (performance.now() - began) / 1000,
      requests: now.requests - before.requests,
      errors: now.errors - before.errors,
      ...watched,
    }
    before = now
    samples.push(sample)
    options.sampled?.(sample)
  }
  await Promise.all(clients)
  return { samples, errors, requests: count.requests }
}

class SoakClient {
  readonly #id: number
  readonly #target: SoakTarget
  readonly #answered: () => void
  readonly #failed: (text: string) => void
  readonly #written = new Map<number, number>()

  constructor(id: number, target: SoakTarget, answered: () => void, failed: (text: string) => void) {
    this.#id = id
    this.#target = target
    this.#answered = answered
    this.#failed = failed
  }

  /** Never rejects. */
  async run(end: number): Promise<void> {
    // Two connections: the kernel may give them to different threads.
    using one = new RawClient(this.#target.address)
    using other = new RawClient(this.#target.address)
    try {
      for (let round = 0; performance.now() < end; round++) await this.#round(round, one, other)
    } catch (error) {
      this.#failed(`client ${this.#id}: ${error instanceof Error ? error.message : 'unknown'}`)
    }
  }

  async #round(round: number, one: RawClient, other: RawClient): Promise<void> {
    const { token } = this.#target
    const key = round % KEYS
    const folder = `soak/${this.#id}`
    this.#written.set(key, round)
    const data = { round, filler: 'x'.repeat(200) }
    await this.#expect(200, one, 'POST', `secret/data/${folder}/k${key}`, token, { data })
    for (let i = 0; i < 5; i++) {
      const at = i === 0 ? key : (round * 7 + i * 11) % KEYS
      const expected = this.#written.get(at)
      if (expected === undefined) continue
      const answer = await this.#expect(200, other, 'GET', `secret/data/${folder}/k${at}`, token)
      if (!answer.text.includes(`"round":${expected},`))
        this.#failed(`k${at} of client ${this.#id} is not what was acknowledged in round ${expected}`)
    }
    if (round % 5 === 0) {
      const answer = await this.#expect(200, other, 'LIST', `secret/metadata/${folder}/`, token)
      const names = listAt(JSON.parse(answer.text), 'data', 'keys').length
      if (names !== this.#written.size) this.#failed(`${names} secrets are listed, not ${this.#written.size}`)
    }
    if (round % 3 === 0) await this.#token(one, other)
  }

  async #token(one: RawClient, other: RawClient): Promise<void> {
    const { token } = this.#target
    const made = await this.#expect(200, one, 'POST', 'auth/token/create', token, { policies: ['default'], ttl: '1h' })
    const child = /"client_token":"([^"]+)"/.exec(made.text)?.[1] ?? 'none'
    await this.#expect(200, other, 'GET', 'auth/token/lookup-self', child)
    await this.#expect(204, one, 'POST', 'auth/token/revoke', token, { token: child })
    await this.#expect(403, other, 'GET', 'auth/token/lookup-self', child)
  }

  async #expect(
    status: number,
    client: RawClient,
    method: string,
    path: string,
    token: string,
    body?: unknown,
  ): Promise<RawAnswer> {
    const answer = await client.request(method, path, token, body)
    this.#answered()
    if (answer.status !== status) this.#failed(`${method} ${path}: ${answer.status} ${answer.text.slice(0, 200)}`)
    return answer
  }
}

/** The heap of the main thread, MiB, out of the Prometheus form of `sys/metrics`. A host's name may stand in the gauge's. */
export function heapOf(metrics: string): number {
  return Number(/^vault_\w*runtime_alloc_bytes(?:\{[^}]*\})? (\S+)$/m.exec(metrics)?.[1] ?? Number.NaN) / 2 ** 20
}
