/** The text of `?help=1` and `coffer path-help`, from the path's declaration. */
import type { Engine } from '../engine.ts'
import type { Fields } from '../field.ts'
import type { PathDefinition } from '../path.ts'

export function helpText(engine: Engine, path: PathDefinition | undefined, rest: string): string {
  return path === undefined ? engineHelp(engine) : pathHelp(path, rest)
}

function engineHelp(engine: Engine): string {
  const shown = engine.paths
    .filter((path) => path.flags.hidden !== true)
    .toSorted((a, b) => (a.template < b.template ? -1 : 1))
  const paths = shown.map((path) => `    ${path.template === '' ? '(root)' : path.template}\n        ${path.help}\n`)
  return `## DESCRIPTION\n\n${engine.help}\n\n## PATHS\n\nThe following paths are supported. Ask for help on any of them in turn.\n\n${paths.join('\n')}`
}

function pathHelp(path: PathDefinition, rest: string): string {
  const operations = [...path.operations.values()].map(
    (operation) => `    ${operation.verb.padEnd(8)}${operation.summary}\n`,
  )
  const fields: Record<string, Fields[string]> = { ...path.params }
  for (const operation of path.operations.values()) Object.assign(fields, operation.fields)
  const parameters = Object.entries(fields)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => `    ${name} (${typeName(field.schema['type'])})\n\n        ${field.description}\n`)
  return [
    `Request:        ${rest}\nMatching Route: ${path.template}\n\n${path.help}\n`,
    `## OPERATIONS\n\n${operations.join('')}`,
    ...(parameters.length === 0 ? [] : [`## PARAMETERS\n\n${parameters.join('\n')}`]),
    ...(path.description === '' ? [] : [`## DESCRIPTION\n\n${path.description}\n`]),
  ].join('\n')
}

function typeName(type: unknown): string {
  return typeof type === 'string' ? type : 'any'
}
