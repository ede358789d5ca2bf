/** What a command is: a declaration of its flags and help, and a function. */
import type { Flags, Values } from './flags/flag.ts'
import type { OutputFlag } from './flags/global.ts'
import type { Run } from './run.ts'

export interface CommandDeclaration<F extends Flags> {
  /** What stands behind `coffer <name>` in the usage line. */
  readonly usage: string
  /** Paragraphs for `-h`, each line indented by two spaces. */
  readonly help: string
  /** Which of the output flags it takes. */
  readonly output?: readonly OutputFlag[]
  /** Takes no flags at all (`version`, `print token`): whatever is passed is ignored. */
  readonly bare?: true
  /** Heading of its own flags in the help. */
  readonly optionsTitle?: string
  readonly flags?: F
  /** `-format=raw` makes sense for it. */
  readonly raw?: true
  /** Gives the exit code: 0 for success, 1 for a wrong command line, 2 for what the server refused. */
  run(run: Run<F>): Promise<number>
}

export type Command = CommandDeclaration<Flags>

/** Checks `run` against the types of the flags declared beside it. */
export function defineCommand<const F extends Flags = Readonly<Record<never, never>>>(
  declaration: CommandDeclaration<F>,
): Command {
  // Erased: the dispatcher parses the flags by this same declaration, so that `run` gets the values it is typed for.
  return Object.freeze(declaration) as unknown as Command
}

export type FlagValues<F extends Flags> = Values<F>
