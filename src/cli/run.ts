/** One run of a command: its arguments, its flags' values, and ways to the server and the user. */
import type { Client } from './client/client.ts'
import type { HttpValues } from './client/settings.ts'
import { environmentReader } from './environment.ts'
import { usageFailure, attempt } from './failure.ts'
import type { Flags, Values } from './flags/flag.ts'
import type { Pairs } from './input/pairs.ts'
import type { CliIo } from './io.ts'
import type { Ui } from './output/ui.ts'

export interface RunParts<F extends Flags> {
  readonly args: readonly string[]
  readonly flags: Values<F>
  readonly http: HttpValues
  /** Names of the flags that stood on the command line. */
  readonly given: ReadonlySet<string>
  readonly ui: Ui
  readonly io: CliIo
}

export class Run<F extends Flags> {
  readonly args: readonly string[]
  readonly flags: Values<F>
  readonly http: HttpValues
  readonly given: ReadonlySet<string>
  readonly ui: Ui
  readonly io: CliIo
  #client: Client | undefined

  constructor(parts: RunParts<F>) {
    this.args = parts.args
    this.flags = parts.flags
    this.http = parts.http
    this.given = parts.given
    this.ui = parts.ui
    this.io = parts.io
  }

  /** The argument at `index`, which must be there: see `expectArgs`. */
  arg(index: number): string {
    const arg = this.args[index]
    if (arg === undefined) throw usageFailure(`Not enough arguments (expected ${index + 1}, got ${this.args.length})`)
    return arg
  }

  /** Throws `CliFailure` unless there are between `least` and `most` arguments. */
  expectArgs(least: number, most = least, expected = least === most ? String(least) : `${least}-${most}`): void {
    const got = this.args.length
    if (got < least) throw usageFailure(`Not enough arguments (expected ${expected}, got ${got})`)
    if (got > most) throw usageFailure(`Too many arguments (expected ${expected}, got ${got})`)
  }

  /** `key=value` arguments from `from` on. Throws `CliFailure`. */
  async pairs(from: number, what = 'Failed to parse K=V data'): Promise<Pairs> {
    const { parsePairs } = await import('./input/pairs.ts')
    return attempt(
      what,
      parsePairs(this.args.slice(from), () => this.stdin()),
      1,
    )
  }

  /** All of stdin; nothing with -non-interactive. */
  async stdin(): Promise<string> {
    if (this.http['non-interactive']) return ''
    const { readAll } = await import('./input/stdin.ts')
    return readAll(this.io.stdin)
  }

  /** With the token of the environment or of the token file. Throws `CliFailure`. */
  async client(): Promise<Client> {
    if (this.#client !== undefined) return this.#client
    const { openClient } = await import('./client/open.ts')
    this.#client = openClient(this.http, this.io)
    return this.#client
  }

  env(suffix: string): string | undefined {
    return environmentReader(this.io.env)(suffix)
  }

  close(): void {
    this.#client?.close()
  }
}
