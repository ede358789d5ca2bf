/** What the command line sees of the world; `main.ts` makes the real one, tests make their own. */

export type Environment = Readonly<Record<string, string | undefined>>

export interface CliOutput {
  write(text: string): unknown
}

/** A terminal has `setRawMode`; a pipe or a file has not. */
export type CliInput = NodeJS.ReadableStream & { setRawMode?: (raw: boolean) => unknown }

export interface CliIo {
  readonly stdin: CliInput
  readonly stdout: CliOutput
  readonly stderr: CliOutput
  readonly env: Environment
  readonly isTty: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean }
  /** The user's home folder, where the token is kept. */
  readonly home: string
  /** Of the program, without a `v`. */
  readonly version: string
  readonly sleep: (milliseconds: number) => Promise<void>
  /** Calls `stop` when the user wants a command to end that goes on for ever (Ctrl-C), or nobody reads what it prints. Gives the function that takes it back. */
  readonly interrupted?: (stop: () => void) => () => void
  readonly commands: DelegatedCommands
}

/** Commands that live in other rooms. Each parses its own `args`, prints its own help for `-h`, and returns the exit code. */
export interface DelegatedCommands {
  server(args: readonly string[], io: CliIo): Promise<number>
  migrate(args: readonly string[], io: CliIo): Promise<number>
  diagnose(args: readonly string[], io: CliIo): Promise<number>
}
