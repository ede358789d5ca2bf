/** The two streams a command writes to. */
import type { CliIo } from '../io.ts'

export const formats = ['table', 'json', 'yaml', 'yml', 'pretty', 'raw'] as const
export type Format = (typeof formats)[number]

export interface UiOptions {
  readonly format: Format
  readonly detailed: boolean
  /** Empty for none. */
  readonly field: string
  readonly colour: boolean
}

const colours = { red: 31, green: 32, yellow: 33 } as const
export type Colour = keyof typeof colours

export class Ui {
  readonly format: Format
  readonly detailed: boolean
  readonly field: string
  readonly #io: CliIo
  readonly #options: UiOptions

  constructor(io: CliIo, options: UiOptions) {
    this.format = options.format
    this.detailed = options.detailed
    this.field = options.field
    this.#io = io
    this.#options = options
  }

  withField(field: string): Ui {
    return new Ui(this.#io, { ...this.#options, field })
  }

  /** Meant for people rather than programs. */
  get isTable(): boolean {
    return this.format === 'table' || this.format === 'pretty'
  }

  /** A line, or several, of what the command was asked for; in a colour where stdout shows any. */
  print(text: string, colour?: Colour): void {
    const onTerminal = this.#io.isTty.stdout && this.isTable
    const shown = onTerminal ? visible(text) : text
    const painted = onTerminal && this.#options.colour && colour !== undefined
    this.#io.stdout.write(painted ? `\x1b[0;${colours[colour]}m${shown}\x1b[0m\n` : `${shown}\n`)
  }

  /** A bare value, as it is: programs get it without a newline. */
  printRaw(text: string): void {
    this.#io.stdout.write(this.#io.isTty.stdout ? `${text}\n` : text)
  }

  warn(text: string): void {
    this.#complain(text, colours.yellow)
  }

  error(text: string): void {
    this.#complain(text, colours.red)
  }

  #complain(text: string, colour: number): void {
    const shown = this.#io.isTty.stderr ? visible(text) : text
    this.#io.stderr.write(
      this.#options.colour && this.#io.isTty.stderr ? `\x1b[0;${colour}m${shown}\x1b[0m\n` : `${shown}\n`,
    )
  }
}

/** A terminal would obey control characters, and secrets are not always written by friends. */
function visible(text: string): string {
  return text.replace(
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
