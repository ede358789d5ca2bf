/** Declarations of flags: one object a flag, from which come the parser, the types and the help. */
import { formatDuration, parseDurationMs } from '../../lib/duration.ts'

/** Says what a flag's value must look like; the parser adds the flag's name and the value. */
export class FlagValueError extends Error {}

export interface FlagOptions<T> {
  readonly usage: string
  readonly initial?: T
  /** Suffix of the environment variables (`ADDR` for COFFER_ADDR and VAULT_ADDR) that give the value when the flag is absent. */
  readonly env?: string
  readonly aliases?: readonly string[]
  /** Works, but is not in the help. */
  readonly hidden?: boolean
}

export interface Flag<T> extends FlagOptions<T> {
  readonly initial: T
  /** What stands in `-name=<…>` in the help; empty for a boolean. */
  readonly example: string
  /** May stand without a value. */
  readonly isBool: boolean
  /** The value after reading `text`; `current` is what earlier occurrences made. Throws `FlagValueError`. */
  read(text: string, current: T): T
  /** The default as the help tells it; empty for none. */
  showInitial(): string
}

export type Flags = Readonly<Record<string, Flag<unknown>>>

export type Values<F extends Flags> = { readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never }

interface Kind<T> {
  readonly example: string
  readonly isBool?: boolean
  readonly read: (text: string, current: T) => T
  readonly show: (initial: T) => string
}

function define<T>(kind: Kind<T>, initial: T, options: FlagOptions<T>): Flag<T> {
  return Object.freeze({
    ...options,
    initial,
    example: kind.example,
    isBool: kind.isBool ?? false,
    read: kind.read,
    showInitial: () => kind.show(initial),
  })
}

const booleans = new Map<string, boolean>([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((word) => [word, false] as const),
])

export function parseBoolean(text: string): boolean {
  const value = booleans.get(text)
  if (value === undefined) throw new FlagValueError('it takes true or false')
  return value
}

function parseInteger(text: string): number {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(value)) throw new FlagValueError('it takes a whole number')
  return value
}

/** Seconds, perhaps with a fraction of thousandths. `system` and -1 ask for the server's own value. */
export function parseSeconds(text: string): number {
  if (text === '') return 0
  const milliseconds = parseDurationMs(text === 'system' ? '-1' : text)
  if (milliseconds === undefined) throw new FlagValueError('it takes a duration such as 30s, 5m, 1h30m or 90 (seconds)')
  return milliseconds / 1000
}

/** `key=value` added to the map so far. A key given twice keeps its last value. */
function addPair(text: string, current: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const cut = text.indexOf('=')
  if (cut < 0) throw new FlagValueError(`missing = in KV pair: ${JSON.stringify(text)}`)
  return new Map([...current, [text.slice(0, cut), text.slice(cut + 1)]])
}

const noItems: readonly string[] = Object.freeze([])
const noPairs: ReadonlyMap<string, string> = new Map()

export const flag = {
  bool: (options: FlagOptions<boolean>) =>
    define({ example: '', isBool: true, read: parseBoolean, show: String }, options.initial ?? false, options),

  /** A boolean that knows whether it was given. */
  maybeBool: (options: FlagOptions<boolean | undefined>) =>
    define<boolean | undefined>(
      { example: '*bool', isBool: true, read: parseBoolean, show: () => '' },
      undefined,
      options,
    ),

  int: (options: FlagOptions<number>) =>
    define(
      { example: 'int', read: parseInteger, show: (n) => (n === 0 ? '' : String(n)) },
      options.initial ?? 0,
      options,
    ),

  uint: (options: FlagOptions<number>) =>
    define(
      { example: 'uint', read: parseNatural, show: (n) => (n === 0 ? '' : String(n)) },
      options.initial ?? 0,
      options,
    ),

  string: (options: FlagOptions<string>) =>
    define({ example: 'string', read: (text) => text, show: (text) => text }, options.initial ?? '', options),

  /** In seconds. */
  duration: (options: FlagOptions<number>) =>
    define(
      { example: 'duration', read: parseSeconds, show: (n) => (n === 0 ? '' : formatDuration(n)) },
      options.initial ?? 0,
      options,
    ),

  /** May be repeated. */
  list: (options: FlagOptions<readonly string[]>) =>
    define(
      { example: 'string', read: (text, current) => [...current, text.trim()], show: (list) => list.join(',') },
      options.initial ?? noItems,
      options,
    ),

  /** `key=value`, may be repeated. */
  map: (options: FlagOptions<ReadonlyMap<string, string>>) =>
    define({ example: 'key=value', read: addPair, show: () => '' }, options.initial ?? noPairs, options),
}

function parseNatural(text: string): number {
  const value = parseInteger(text)
  if (value < 0) throw new FlagValueError('it takes a whole number that is not negative')
  return value
}
