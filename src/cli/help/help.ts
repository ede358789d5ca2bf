/** The help texts: the overview, a group's and a command's. */
import type { Command } from '../command.ts'
import { commandTable, groups } from '../commands.ts'
import type { TableRow } from '../commands.ts'
import { columns } from '../output/columns.ts'
import { optionsHelp } from './usage.ts'

const common = ['read', 'write', 'delete', 'list', 'login', 'server', 'status', 'unwrap']

/** `coffer -h`. */
export function overview(): string {
  const top = [...commandTable, ...groups].filter(({ name }) => !name.includes(' ') && name !== 'version')
  const rowsOf = (names: readonly string[]): string =>
    columns(
      names.map((name) => [name, top.find((row) => row.name === name)?.synopsis ?? '']),
      6,
    ).replace(/^/gm, '    ')
  const others = top.map(({ name }) => name).filter((name) => !common.includes(name))
  return `Usage: coffer <command> [args]\n\nCommon commands:\n${rowsOf(common)}\n\nOther commands:\n${rowsOf(others.toSorted())}`
}

/** `coffer kv -h`: what the group is for, and its commands. */
export function groupHelp(name: string): string {
  const group = groups.find((row) => row.name === name)
  const prefix = `${name} `
  const rows = [...commandTable, ...groups]
    .filter((row) => row.name.startsWith(prefix) && !row.name.slice(prefix.length).includes(' '))
    .map((row: Pick<TableRow, 'name' | 'synopsis'>) => [row.name.slice(prefix.length), row.synopsis] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  const list = columns(rows).replace(/^/gm, '    ')
  return `Usage: coffer ${name} <subcommand> [options] [args]\n\n${group?.help ?? ''}\n\nSubcommands:\n${list}`
}

/** `coffer kv get -h`. */
export function commandHelp(name: string, command: Command): string {
  return [`Usage: coffer ${name} ${command.usage}`.trimEnd(), command.help, optionsHelp(command)]
    .filter((text) => text !== '')
    .join('\n\n')
}
