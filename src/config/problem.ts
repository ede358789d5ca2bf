import { CofferError } from '../errors/coffer-error.ts'
import type { Position } from '../lib/hcl/index.ts'

/** Something in the configuration that cannot be meant so, and where. */
export interface ConfigProblem {
  readonly file: string
  /** Undefined for what is wrong with a file, or with all of them together. */
  readonly line: number | undefined
  readonly column: number | undefined
  readonly message: string
}

export function problemText({ file, line, column, message }: ConfigProblem): string {
  const place = [file, line, column].filter((part) => part !== undefined && part !== '').join(':')
  return place === '' ? message : `${place}: ${message}`
}

/** A configuration with which the server will not start. `messages` has a line for each problem. */
export class ConfigError extends CofferError {
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    super('CONFIG_INVALID', 500, problems.map(problemText))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/** Gathers what is wrong with one file, so that all of it is said at once, and what is merely worth knowing. */
export class Findings {
  readonly problems: ConfigProblem[] = []
  readonly warnings: ConfigProblem[] = []
  /** Secrets that other users of the machine can read. */
  readonly exposures: ConfigProblem[] = []
  readonly file: string

  constructor(file: string) {
    this.file = file
  }

  problem(at: Position | undefined, message: string): undefined {
    this.problems.push(this.#made(at, message))
    return undefined
  }

  warn(at: Position | undefined, message: string): undefined {
    this.warnings.push(this.#made(at, message))
    return undefined
  }

  expose(file: string, message: string): void {
    this.exposures.push({ file, line: undefined, column: undefined, message })
  }

  #made(at: Position | undefined, message: string): ConfigProblem {
    return { file: this.file, line: at?.line, column: at?.column, message }
  }
}
