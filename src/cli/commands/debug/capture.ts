/** What is captured while it is captured: each answer as it came, and what could not be had. */
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Client } from '../../client/client.ts'
import { reasonOf } from '../../failure.ts'
import type { Poll, Target } from './targets.ts'

export interface CaptureError {
  readonly error: string
  readonly target: string
  readonly timestamp: string
}

/** Only its owner looks into it. */
const PRIVATE_FOLDER = 0o700
const PRIVATE_FILE = 0o600

export class Capture {
  readonly errors: CaptureError[] = []
  readonly #client: Client
  readonly #folder: string
  readonly #lists = new Map<string, string[]>()

  constructor(client: Client, folder: string) {
    this.#client = client.aside()
    this.#folder = folder
    mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER })
  }

  /** Never rejects: what could not be had is noted. */
  async poll(target: Target, polls: readonly Poll[]): Promise<void> {
    for (const { file, path, query = [] } of polls) {
      const text = await this.#attempt(target, this.#client.text({ method: 'GET', path, query }))
      if (text === undefined) continue
      const list = this.#lists.get(file) ?? []
      list.push(`{"timestamp":${JSON.stringify(now())},"response":${text.trim() || 'null'}}`)
      this.#lists.set(file, list)
    }
  }

  /** One round of profiles, in a folder of its own. Never rejects. */
  async profile(target: Target, polls: readonly Poll[]): Promise<void> {
    const folder = join(
      this.#folder,
      now()
        .replace(/\.\d+Z$/, 'Z')
        .replaceAll(':', '-'),
    )
    mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER })
    for (const { file, path, query = [] } of polls) {
      const text = await this.#attempt(target, this.#client.text({ method: 'GET', path, query }))
      if (text !== undefined) writeFileSync(join(folder, file), text, { mode: PRIVATE_FILE })
    }
  }

  /** Lines of the log until `signal` is aborted. Never rejects. */
  async follow(target: Target, format: string, signal: AbortSignal): Promise<void> {
    const query = [
      ['log_level', 'trace'],
      ['log_format', format],
    ] as const
    const body = await this.#attempt(target, this.#client.follow({ method: 'GET', path: 'sys/monitor', query }))
    if (body === undefined) return
    const file = createWriteStream(join(this.#folder, 'coffer.log'), { mode: PRIVATE_FILE })
    signal.addEventListener('abort', () => body.destroy(), { once: true })
    await pipeline(body, file).catch((error: unknown) => {
      if (!signal.aborted) this.#note(target, error)
    })
  }

  /** Everything that was collected as lists, and the index of it all. */
  write(index: object): void {
    for (const [file, list] of this.#lists) this.#file(file, `[\n${list.join(',\n')}\n]\n`)
    this.#file('index.json', `${JSON.stringify({ ...index, errors: this.errors }, undefined, 2)}\n`)
  }

  #file(name: string, text: string): void {
    writeFileSync(join(this.#folder, name), text, { mode: PRIVATE_FILE })
  }

  async #attempt<T>(target: Target, work: Promise<T>): Promise<T | undefined> {
    try {
      return await work
    } catch (error) {
      this.#note(target, error)
      return undefined
    }
  }

  #note(target: Target, error: unknown): void {
    this.errors.push({ error: reasonOf(error), target: target.name, timestamp: now() })
  }
}

function now(): string {
  return new Date().toISOString()
}
