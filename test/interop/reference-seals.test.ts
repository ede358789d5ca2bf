/**
 * One life of a vault (initialised under a seal that opens by itself, sealed, opened by recovery shares, moved to its operators and
 * back) on Coffer and on the reference: the same answers, step by step. `REFERENCE_BIN=/path/to/bao npm test -- test/interop`.
 */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { until } from '../support/callers.ts'
import { request } from '../support/http.ts'
import { at } from '../support/json.ts'
import { noReference, referenceBinary } from '../support/reference.ts'
import { coffer, freePort } from '../support/server.ts'

const STATIC = `current_key_id = "a"\n  current_key = "${'5a'.repeat(32)}"`
const KEY = Buffer.alloc(33, 9).toString('base64')

/** A server of either kind, by its program and its storage. */
class Subject implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'coffer-seals-'))
  readonly #program: string
  readonly #storage: string
  readonly #port: number
  #child: ChildProcess | undefined
  #keys: readonly string[] = []
  #token = ''
  readonly seen: unknown[] = []

  constructor(program: string, storage: string, port: number) {
    this.#program = program
    this.#storage = storage
    this.#port = port
    mkdirSync(join(this.#folder, 'data'), { mode: 0o700 })
  }

  async start(seal: string): Promise<void> {
    await this.stop()
    const path = join(this.#folder, 'server.hcl')
    const listener = `listener "tcp" {\n  address = "127.0.0.1:${this.#port}"\n  tls_disable = true\n}`
    const storage = `storage "${this.#storage}" {\n  path = "${this.#folder}/data"\n}`
    writeFileSync(path, `${storage}\n${listener}\n${seal}\n`, { mode: 0o600 })
    this.#child = spawn(this.#program, ['server', `-config=${path}`], { stdio: 'ignore' })
    const answers = () =>
      this.#call('GET', 'sys/seal-status').then(
        () => true as const,
        () => undefined,
      )
    await until('the server answers', answers)
  }

  async stop(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill()
    await gone
  }

  async init(body: object): Promise<void> {
    const { status, json } = await this.#call('PUT', 'sys/init', body)
    this.seen.push(status === 200 ? Object.keys(json ?? {}).toSorted() : at(json, 'errors'))
    if (status !== 200) return
    this.#keys = (at(json, 'recovery_keys') ?? at(json, 'keys')) as string[]
    this.#token = String(at(json, 'root_token'))
  }

  /** By the number of the share, or with another text. */
  async unseal(share: number | string, migrate?: boolean): Promise<void> {
    const key = typeof share === 'string' ? share : this.#keys[share]
    const { status, json } = await this.#call('PUT', 'sys/unseal', {
      key,
      ...(migrate === undefined ? {} : { migrate }),
    })
    this.seen.push(status === 200 ? stateOf(json) : at(json, 'errors'))
  }

  async seal(): Promise<void> {
    this.seen.push((await this.#call('PUT', 'sys/seal')).status)
  }

  async status(): Promise<void> {
    this.seen.push(stateOf((await this.#call('GET', 'sys/seal-status')).json))
  }

  async unsealed(): Promise<void> {
    await until('it unseals', async () =>
      at((await this.#call('GET', 'sys/seal-status')).json, 'sealed') === false ? true : undefined,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #call(method: string, path: string, body?: object) {
    const address = `http://127.0.0.1:${this.#port}`
    return request(address, method, `/v1/${path}`, { token: this.#token, ...(body === undefined ? {} : { body }) })
  }
}

function stateOf(json: unknown): unknown {
  const names = [
    'type',
    'initialized',
    'sealed',
    't',
    'n',
    'progress',
    'recovery_seal',
    'recovery_seal_type',
    'migration',
  ]
  return Object.fromEntries(names.map((name) => [name, at(json, name)]))
}

async function life(server: Subject): Promise<readonly unknown[]> {
  await server.start(`seal "static" {\n  ${STATIC}\n}`)
  await server.status()
  await server.init({ secret_shares: 1, secret_threshold: 1 })
  await server.init({ recovery_shares: 1, recovery_threshold: 2 })
  await server.init({ recovery_shares: 3, recovery_threshold: 2, pgp_keys: ['a'] })
  await server.init({ recovery_shares: 3, recovery_threshold: 2 })
  await server.status()
  await server.unseal(0)
  await server.unseal(0, true)
  await server.seal()
  await server.status()
  await server.unseal(0)
  await server.unseal(KEY)
  await server.unseal(0)
  await server.unseal(2)

  await server.start(`seal "static" {\n  ${STATIC}\n  disabled = "true"\n}`)
  await server.status()
  await server.unseal(1)
  await server.unseal(1, true)
  await server.unseal(KEY, true)
  await server.unseal(1, true)
  await server.unseal(2, true)
  await server.start('')
  await server.status()
  await server.unseal(0)
  await server.unseal(2)

  await server.start(`seal "static" {\n  ${STATIC}\n}`)
  await server.status()
  await server.unseal(0)
  await server.unseal(0, true)
  await server.unseal(KEY, true)
  await server.status()
  await server.unseal(0, true)
  await server.unseal(1, true)
  await server.unseal(1, true)
  await server.start(`seal "static" {\n  ${STATIC}\n}`)
  await server.unsealed()
  await server.status()
  return server.seen
}

test('a vault lives under its seals as under those of the reference', { skip: noReference }, async () => {
  await using reference = new Subject(referenceBinary ?? '', 'file', await freePort())
  await using ours = new Subject(coffer, 'lmdb', await freePort())
  const [expected, found] = [await life(reference), await life(ours)]
  assert.deepEqual(found, expected)
})
