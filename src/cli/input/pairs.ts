/** `key=value` arguments: Vault's grammar for data on the command line. */
import { readFileSync } from 'node:fs'
import { reasonOf } from '../failure.ts'
import { entriesOf, plainText, readTree, tree } from '../tree.ts'
import type { JsonTree } from '../tree.ts'

/** Gives what stands on stdin; called once at most. */
export type ReadStdin = () => Promise<string>

export type Pairs = ReadonlyMap<string, JsonTree>

/**
 * `key=value`; `key=@file` and `key=-` take the value from a file or stdin, `key=\@value` starts with an @; `@file` and `-` alone
 * give a JSON object whose members are added. A key given twice makes a list. The message of what it throws names the argument.
 */
export async function parsePairs(args: readonly string[], stdin: ReadStdin): Promise<Pairs> {
  const pairs = new Map<string, JsonTree>()
  let stdinRead = false
  const readOnce: ReadStdin = () => {
    if (stdinRead) throw new Error('stdin already consumed')
    stdinRead = true
    return stdin()
  }
  for (const arg of args) {
    try {
      await add(pairs, arg, readOnce)
    } catch (error) {
      // The value may be a secret: only what stands before it is named.
      throw new Error(`invalid key/value pair ${JSON.stringify(shown(arg))}: ${reasonOf(error)}`, { cause: error })
    }
  }
  return pairs
}

async function add(pairs: Map<string, JsonTree>, arg: string, stdin: ReadStdin): Promise<void> {
  if (arg === '') return
  if (arg === '-') return addObject(pairs, await stdin())
  const cut = arg.indexOf('=')
  if (cut < 0) {
    if (arg.startsWith('@')) return addObject(pairs, readFile(arg.slice(1)))
    throw new Error('format must be key=value')
  }
  const key = arg.slice(0, cut)
  const value = tree(await valueOf(arg.slice(cut + 1), stdin))
  const before = pairs.get(key)
  if (before === undefined) pairs.set(key, value)
  else pairs.set(key, { kind: 'array', items: [...(before.kind === 'array' ? before.items : [before]), value] })
}

async function valueOf(text: string, stdin: ReadStdin): Promise<string> {
  if (text === '-') return stdin()
  if (text.startsWith('@')) return readFile(text.slice(1))
  return text.startsWith('\\@') ? text.slice(1) : text
}

function addObject(pairs: Map<string, JsonTree>, text: string): void {
  const entries = entriesOf(readTree(text))
  if (entries === undefined) throw new Error('it must hold a JSON object')
  for (const [key, value] of entries) pairs.set(key, value)
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new Error(`error reading file: ${reasonOf(error)}`, { cause: error })
  }
}

function shown(arg: string): string {
  const cut = arg.indexOf('=')
  if (cut < 0) return arg
  const value = arg.slice(cut + 1)
  return value.startsWith('@') || value === '-' ? arg : `${arg.slice(0, cut + 1)}…`
}

/** For parameters of a URL: every value as text, lists spread. */
export function asQuery(pairs: Pairs): (readonly [string, string])[] {
  return [...pairs].flatMap(([key, value]) =>
    (value.kind === 'array' ? value.items : [value]).map((item) => [key, plainText(item)] as const),
  )
}

export function asStrings(pairs: Pairs): ReadonlyMap<string, string> {
  return new Map([...pairs].map(([key, value]) => [key, plainText(value)]))
}
