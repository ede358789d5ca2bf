/** The grammar of Go's flag package: `-name=value`, `-name value`, `--name`, `--` ends the flags, as does the first other argument. */
import { nearest } from '../../lib/nearest.ts'
import { FlagValueError } from './flag.ts'
import type { Flag, Flags } from './flag.ts'
import { usageFailure } from '../failure.ts'

export interface ParsedFlags {
  readonly values: ReadonlyMap<string, unknown>
  /** Names of the flags that stood on the command line. */
  readonly given: ReadonlySet<string>
  readonly rest: readonly string[]
}

interface State {
  readonly values: Map<string, unknown>
  readonly given: Set<string>
}

/** `env` gives the value of an environment variable by its suffix. Throws `CliFailure` with exit code 1. */
export function parseFlags(
  flags: Flags,
  args: readonly string[],
  env: (suffix: string) => string | undefined,
): ParsedFlags {
  const state: State = { values: initialValues(flags, env), given: new Set() }
  const byName = namesOf(flags)
  let at = 0
  for (; at < args.length; at++) {
    const arg = args[at] ?? ''
    if (arg.length < 2 || !arg.startsWith('-')) break
    if (arg === '--') {
      at++
      break
    }
    const name = readName(arg)
    const canonical = byName.get(name.name)
    if (canonical === undefined) throw usageFailure(undefinedFlag(name.name, [...byName.keys()]))
    if (take(flags, canonical, name, args[at + 1], state)) at++
  }
  return { ...state, rest: args.slice(at) }
}

interface Name {
  readonly name: string
  /** What stood behind `=`. */
  readonly value: string | undefined
}

function readName(arg: string): Name {
  const body = arg.slice(arg.startsWith('--') ? 2 : 1)
  if (body === '' || body.startsWith('-') || body.startsWith('=')) throw usageFailure(`bad flag syntax: ${arg}`)
  const cut = body.indexOf('=')
  return cut < 0 ? { name: body, value: undefined } : { name: body.slice(0, cut), value: body.slice(cut + 1) }
}

/** Reads one flag into `state`; true if `next` was its value. */
function take(flags: Flags, canonical: string, given: Name, next: string | undefined, state: State): boolean {
  const flag = flags[canonical]
  if (flag === undefined) throw new Error(`flag ${canonical} has no declaration`)
  const own = given.value ?? (flag.isBool ? 'true' : undefined)
  const text = own ?? next
  if (text === undefined) throw usageFailure(`flag needs an argument: -${given.name}`)
  // The first occurrence replaces a default; later ones add to it, where the kind adds at all.
  const current = state.given.has(canonical) ? state.values.get(canonical) : flag.initial
  state.values.set(canonical, read(flag, given.name, text, current))
  state.given.add(canonical)
  return own === undefined
}

function read(flag: Flag<unknown>, name: string, text: string, current: unknown): unknown {
  try {
    return flag.read(text, current)
  } catch (error) {
    if (!(error instanceof FlagValueError)) throw error
    const what = flag.isBool
      ? `invalid boolean value ${JSON.stringify(text)} for -${name}`
      : `invalid value ${JSON.stringify(text)} for flag -${name}`
    throw usageFailure(`${what}: ${error.message}`)
  }
}

/** Defaults, or the environment's values; one that cannot be read is passed over, as in Vault. */
function initialValues(flags: Flags, env: (suffix: string) => string | undefined): Map<string, unknown> {
  const values = new Map<string, unknown>()
  for (const [name, flag] of Object.entries(flags)) {
    const text = flag.env === undefined ? undefined : env(flag.env)
    values.set(name, text === undefined ? flag.initial : fromEnvironment(flag, text))
  }
  return values
}

function fromEnvironment(flag: Flag<unknown>, text: string): unknown {
  try {
    return Array.isArray(flag.initial)
      ? text.split(',').reduce<unknown>((list, item) => flag.read(item, list), flag.initial)
      : flag.read(text, flag.initial)
  } catch {
    return flag.initial
  }
}

function namesOf(flags: Flags): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const [name, flag] of Object.entries(flags)) {
    for (const each of [name, ...(flag.aliases ?? [])]) names.set(each, name)
  }
  return names
}

function undefinedFlag(name: string, known: readonly string[]): string {
  const meant = nearest(name, known)
  const hint = meant === undefined ? '' : `. Did you mean -${meant}?`
  return `flag provided but not defined: -${name}${hint}`
}
