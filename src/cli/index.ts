/** The command line: Vault's grammar, over HTTP only. */
import type { Command } from './command.ts'
import { dispatch } from './dispatch.ts'
import type { Dispatch } from './dispatch.ts'
import { environmentReader } from './environment.ts'
import { CliFailure, DryRun, reasonOf } from './failure.ts'
import { httpFlags, outputFlags } from './flags/global.ts'
import { parseFlags } from './flags/parse.ts'
import type { ParsedFlags } from './flags/parse.ts'
import type { CliIo } from './io.ts'
import { formats, Ui } from './output/ui.ts'
import { formatNamed, switchOf } from './preview.ts'
import { Run } from './run.ts'
import type { HttpValues } from './client/settings.ts'

export type { CliInput, CliIo, CliOutput, DelegatedCommands, Environment } from './io.ts'
export { processIo } from './process-io.ts'

const unknownCommand = 127

/** Runs the command that `argv` (without program and script) names, and gives the process's exit code. Does not throw. */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  const found = dispatch(argv)
  if (found.kind === 'command' && typeof found.row.load === 'string')
    return io.commands[found.row.load](withHelp(found), io)
  const named = formatNamed(argv, io.env)
  const format = formats.find((each) => each === named)
  if (format === undefined) {
    io.stderr.write(`Invalid output format: ${named}. It is one of table, json, yaml, pretty and raw\n`)
    return 1
  }
  if (found.kind !== 'command') return listCommands(found, io)
  if (typeof found.row.load === 'string') return 1
  const { command } = await found.row.load()
  if (found.help || found.strayFlags) return explain(found.row.name, command, found.help, io)
  const ui = new Ui(io, {
    format,
    detailed: switchOf('detailed', 'DETAILED', argv, io.env),
    field: '',
    colour:
      !switchOf('no-color', 'CLI_NO_COLOR', argv, io.env) &&
      (io.env['NO_COLOR'] ?? '') === '' &&
      io.env['TERM'] !== 'dumb',
  })
  return runCommand(command, found.args, ui, io)
}

function withHelp(found: Extract<Dispatch, { kind: 'command' }>): readonly string[] {
  return found.help && !found.args.some((arg) => /^--?h(?:elp)?$/.test(arg)) ? ['-h', ...found.args] : found.args
}

async function listCommands(found: Exclude<Dispatch, { kind: 'command' }>, io: CliIo): Promise<number> {
  const { groupHelp, overview } = await import('./help/help.ts')
  const text = found.kind === 'group' ? groupHelp(found.name) : overview()
  if (found.help) {
    io.stdout.write(`${text}\n`)
    return 0
  }
  // With a guess at hand the long list would only bury it.
  const guessed = found.complaint?.includes('Did you mean') ?? false
  const complaint = found.complaint === undefined ? '' : `${found.complaint}\n${guessed ? '' : '\n'}`
  io.stderr.write(guessed ? complaint : `${complaint}${text}\n`)
  return found.kind === 'group' ? 1 : unknownCommand
}

async function explain(name: string, command: Command, asked: boolean, io: CliIo): Promise<number> {
  const { commandHelp } = await import('./help/help.ts')
  const text = `${commandHelp(name, command)}\n`
  if (asked) {
    io.stdout.write(text)
    return 0
  }
  io.stderr.write(`Invalid flags before the command: flags go behind it, as in "coffer ${name} -flag".\n\n${text}`)
  return 1
}

async function runCommand(command: Command, args: readonly string[], ui: Ui, io: CliIo): Promise<number> {
  try {
    const run = prepare(command, args, ui, io)
    try {
      const code = await command.run(run)
      return code === 0 && isDescribing(run.http) ? nothingToDescribe(run.http, ui) : code
    } finally {
      run.close()
    }
  } catch (error) {
    return report(error, ui)
  }
}

function prepare(command: Command, args: readonly string[], ui: Ui, io: CliIo): Run<NonNullable<Command['flags']>> {
  const own = command.flags ?? {}
  const output = Object.fromEntries((command.output ?? []).map((name) => [name, outputFlags[name]]))
  const all = { ...httpFlags, 'no-color': outputFlags['no-color'], ...output, ...own }
  const parsed = parseFlags(all, command.bare ? [] : args, environmentReader(io.env))
  if (!command.bare) warnOfLateFlags(parsed, ui)
  if (ui.format === 'raw' && !command.raw)
    throw new CliFailure('This command does not support the -format=raw option.', 1)
  const values = Object.fromEntries(parsed.values)
  const field = typeof values['field'] === 'string' ? values['field'] : ''
  return new Run({
    args: parsed.rest,
    flags: values,
    // The parser read these by the same declarations that HttpValues is derived from.
    http: values as unknown as HttpValues,
    given: parsed.given,
    ui: field === '' ? ui : ui.withField(field),
    io,
  })
}

function warnOfLateFlags(parsed: ParsedFlags, ui: Ui): void {
  const late = parsed.rest.filter((arg) => arg.startsWith('-') && arg !== '-')
  if (late.length === 0) return
  ui.warn(
    'Command flags must be provided before positional arguments. ' +
      `The following arguments will not be parsed as flags: [${late.join(',')}]`,
  )
}

function isDescribing(http: HttpValues): boolean {
  return http['output-curl-string'] || http['output-policy']
}

function nothingToDescribe(http: HttpValues, ui: Ui): number {
  ui.error(http['output-curl-string'] ? 'Could not generate cURL command' : 'Could not generate policy')
  return 1
}

async function report(error: unknown, ui: Ui): Promise<number> {
  if (error instanceof DryRun) {
    ui.print(error.text)
    return 0
  }
  ui.error(reasonOf(error))
  const cause = error instanceof CliFailure ? error.cause : error
  const { ResponseError } = await import('./client/response-error.ts')
  if (cause instanceof ResponseError && cause.secret !== undefined) {
    const { printSecret } = await import('./output/print.ts')
    await printSecret(ui, cause.secret)
  }
  return error instanceof CliFailure ? error.exitCode : 2
}
