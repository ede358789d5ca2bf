/** From arguments to a command: which one is named, and what to say if none is. */
import { commandTable, groups } from './commands.ts'
import type { TableRow } from './commands.ts'
import { nearest } from '../lib/nearest.ts'

export type Dispatch =
  | {
      readonly kind: 'command'
      readonly row: TableRow
      readonly args: readonly string[]
      readonly help: boolean
      readonly strayFlags: boolean
    }
  | { readonly kind: 'group'; readonly name: string; readonly help: boolean; readonly complaint: string | undefined }
  | { readonly kind: 'none'; readonly help: boolean; readonly complaint: string | undefined }

const helpFlags = new Set(['-h', '-help', '--help'])
const versionFlags = new Set(['-v', '-version', '--version'])

export function dispatch(argv: readonly string[]): Dispatch {
  const args = argv.length === 1 && versionFlags.has(argv[0] ?? '') ? ['version'] : argv
  const end = args.indexOf('--')
  const help = args.slice(0, end < 0 ? args.length : end).some((arg) => helpFlags.has(arg))
  const start = args.findIndex((arg) => arg !== '' && !arg.startsWith('-'))
  if (start < 0) return { kind: 'none', help, complaint: undefined }
  const words = leadingWords(args.slice(start))
  for (let count = words.length; count > 0; count--) {
    const name = words.slice(0, count).join(' ')
    const row = commandTable.find((each) => each.name === name)
    if (row !== undefined) {
      const strayFlags = args.slice(0, start).some((arg) => !helpFlags.has(arg))
      return { kind: 'command', row, args: args.slice(start + count), help, strayFlags }
    }
    if (groups.some((each) => each.name === name))
      return { kind: 'group', name, help, complaint: unknown(words[count], name) }
  }
  return { kind: 'none', help, complaint: unknown(words[0] ?? args[start], undefined) }
}

/** A command's name ends at the first flag, and at what can be no part of a name. */
function leadingWords(args: readonly string[]): readonly string[] {
  const end = args.findIndex((arg) => arg === '' || arg.startsWith('-') || arg.includes(' '))
  return end < 0 ? args : args.slice(0, end)
}

function unknown(word: string | undefined, group: string | undefined): string | undefined {
  if (word === undefined) return undefined
  const meant = nearest(word, childrenOf(group))
  const hint = meant === undefined ? '' : ` Did you mean "${meant}"?`
  return group === undefined
    ? `coffer has no command ${JSON.stringify(word)}.${hint}`
    : `"coffer ${group}" has no subcommand ${JSON.stringify(word)}.${hint}`
}

function childrenOf(group: string | undefined): string[] {
  const prefix = group === undefined ? '' : `${group} `
  const names = [...commandTable, ...groups]
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ name }) => name.slice(prefix.length))
  return [...new Set(names.filter((name) => !name.includes(' ')))]
}
