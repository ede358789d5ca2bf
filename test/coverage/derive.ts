/**
 * Writes down which operations and fields a document of the reference knows, as `vault-1.15.txt` beside this file has them:
 *
 *     bin/node test/coverage/derive.ts /path/to/vault-openapi-1.15.json > test/coverage/vault-1.15.txt
 */
import { readFileSync } from 'node:fs'
import { operationsOf, type Operation } from './operations.ts'

const [file = ''] = process.argv.slice(2)
const operations = operationsOf(JSON.parse(readFileSync(file, 'utf8')))
const groups = Map.groupBy(operations.map(grouped), ({ group }) => group)
const text = [...groups]
  .toSorted(([a], [b]) => (a < b ? -1 : 1))
  .map(([group, rows]) => `[${group}]\n${rows.map(lineOf).join('\n')}\n`)
  .join('\n')
process.stdout.write(`# Operations and their fields, by where they are mounted. Made by derive.ts.\n\n${text}`)

/** By the first segment, or the two of an auth method; a mount's own name for its path stands for its type. */
function grouped({ method, path, fields }: Operation) {
  const [first = '', second = '', ...rest] = path.slice(1).split('/')
  const mount = first === 'auth' ? `auth/${typeOf(second)}` : typeOf(first)
  return { group: mount, method, path: (first === 'auth' ? rest : [second, ...rest]).join('/'), fields }
}

function typeOf(segment: string): string {
  return segment.replace(/^\{(\w+)_mount_path\}$/, (_, name: string) => name.replace('_', '-'))
}

function lineOf({ method, path, fields }: Operation): string {
  return [method, `/${path}`, ...fields].join(' ')
}
