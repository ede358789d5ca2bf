/** The option part of a command's help. */
import type { Command } from '../command.ts'
import type { Flag, Flags } from '../flags/flag.ts'
import { httpFlags, outputFlags } from '../flags/global.ts'
import { wrap } from '../output/wrap.ts'

const indent = 6

/** Sections of flags, in the order of their names; no newline at the end. */
export function optionsHelp(command: Command): string {
  if (command.bare) return ''
  const output = Object.fromEntries((command.output ?? []).map((name) => [name, outputFlags[name]]))
  const own = command.flags ?? {}
  return [
    section('HTTP Options', httpFlags),
    section('Output Options', { ...output, 'no-color': outputFlags['no-color'] }),
    section(command.optionsTitle ?? 'Command Options', own),
  ]
    .filter((text) => text !== '')
    .join('\n\n')
}

export function section(title: string, flags: Flags): string {
  const shown = Object.entries(flags)
    .filter(([, flag]) => flag.hidden !== true)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  if (shown.length === 0) return ''
  return [`${title}:`, ...shown.map(([name, flag]) => describe(name, flag))].join('\n\n')
}

function describe(name: string, flag: Flag<unknown>): string {
  const example = flag.example === '' ? '' : `=<${flag.example}>`
  return `  -${name}${example}\n${wrap(sentences(flag), indent)}`
}

function sentences(flag: Flag<unknown>): string {
  const initial = flag.showInitial()
  return [
    flag.usage,
    flag.aliases === undefined ? '' : `This is aliased as ${flag.aliases.map((alias) => `"-${alias}"`).join(' and ')}.`,
    initial === '' ? '' : `The default is ${initial}.`,
    flag.env === undefined
      ? ''
      : `This can also be specified via the COFFER_${flag.env} or VAULT_${flag.env} environment variable.`,
  ]
    .filter((text) => text !== '')
    .join(' ')
}
