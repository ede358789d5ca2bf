/** Ends a command: the message goes to stderr and `exitCode` is what the process returns. */
export class CliFailure extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode: number, cause?: unknown) {
    super(message, { cause })
    this.name = 'CliFailure'
    this.exitCode = exitCode
  }
}

/** The command line itself is wrong. */
export function usageFailure(message: string): CliFailure {
  return new CliFailure(message, 1)
}

/** The server, the network or a file said no. */
export function failure(message: string): CliFailure {
  return new CliFailure(message, 2)
}

/** Thrown in place of sending a request: `text` is the whole output of the command (`-output-curl-string`, `-output-policy`). */
export class DryRun extends Error {
  readonly text: string

  constructor(text: string) {
    super('the request was described instead of sent')
    this.name = 'DryRun'
    this.text = text
  }
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Runs `work`; what it throws becomes a failure that begins with `what`. */
export async function attempt<T>(what: string, work: Promise<T>, exitCode = 2): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof DryRun) throw error
    throw new CliFailure(`${what}: ${reasonOf(error)}`, exitCode, error)
  }
}
