/** Files of declarations, read: `-f` names a file, or a folder of which every `.hcl` and `.json` file counts. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { HclError, parseHcl, type Block, type Item, type Value as HclValue } from '../../lib/hcl/index.ts'
import { blocks, duplicates } from '../../lib/hcl/index.ts'
import { nearest } from '../../lib/nearest.ts'
import { reasonOf, usageFailure } from '../failure.ts'
import type { Environment } from '../io.ts'
import type { Declaration, Given } from './declaration.ts'
import type { Kind } from './kind.ts'
import { DeclarationError, type Problems } from './problem.ts'
import { referenceOf } from './reference.ts'
import { kinds } from './registry.ts'
import type { Value } from './value.ts'

interface File {
  /** As shown. */
  readonly name: string
  readonly folder: string
  readonly env: Environment
  readonly problems: Problems
}

/** Throws `CliFailure` for a file that cannot be read at all. */
export function readFiles(paths: readonly string[], env: Environment, problems: Problems): readonly Declaration[] {
  const out: Declaration[] = []
  for (const name of paths.flatMap(filesAt)) {
    const file: File = { name, folder: dirname(resolve(name)), env, problems }
    out.push(...declarations(parse(readText(name), file), file))
  }
  return out
}

function filesAt(path: string): readonly string[] {
  try {
    if (!statSync(path).isDirectory()) return [path]
    const names = readdirSync(path).filter((name) => /\.(?:hcl|json)$/.test(name))
    if (names.length === 0) throw usageFailure(`the folder ${path} has no file that ends with .hcl or .json`)
    return names.toSorted().map((name) => join(path, name))
  } catch (error) {
    throw usageFailure(reasonOf(error))
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw usageFailure(reasonOf(error))
  }
}

function parse(text: string, file: File): readonly Item[] {
  try {
    const { items } = parseHcl(text, { calls: true })
    for (const item of duplicates(items)) file.problems.add(placeOf(item, file), `${item.keys[0].name} was already set`)
    return items
  } catch (error) {
    if (!(error instanceof HclError)) throw error
    file.problems.add(`${file.name}:${error.line}:${error.column}`, error.detail)
    return []
  }
}

function placeOf(node: { readonly at: { readonly line: number } }, file: File): string {
  return `${file.name}:${node.at.line}`
}

function declarations(items: readonly Item[], file: File): readonly Declaration[] {
  const names = kinds.map(({ block }) => block)
  for (const item of items) {
    const [{ name }] = item.keys
    if (names.includes(name)) continue
    const meant = nearest(name, names)
    const hint = meant === undefined ? `, but of ${names.join(', ')}` : `; did you mean ${meant}?`
    file.problems.add(placeOf(item, file), `there are no declarations of "${name}"${hint}`)
  }
  return kinds.flatMap((kind) => {
    const { found, misfits } = blocks(items, kind.block, 1)
    for (const item of misfits)
      file.problems.add(placeOf(item, file), `${kind.block} takes ${kind.label} and a block: ${kind.block} "…" { … }`)
    return found.map((block) => declaration(kind, block, file)).filter((one) => one !== undefined)
  })
}

function declaration(kind: Kind, block: Block, file: File): Declaration | undefined {
  const place = placeOf(block.labels[0] ?? block.item, file)
  try {
    const fields = new Map<string, Given>()
    collect(block.value.items, '', fields, file)
    const id = kind.id(block.labels[0]?.name ?? '')
    return { kind, id, place, fields: prepared(kind, fields, place) }
  } catch (error) {
    if (!(error instanceof DeclarationError)) throw error
    file.problems.add(place, error.message)
    return undefined
  }
}

/** The members of `config` stand beside the others, as `config.max_lease_ttl`; `policy_file` is another way to say `policy`. */
function collect(items: readonly Item[], before: string, out: Map<string, Given>, file: File): void {
  for (const item of items) {
    const { keys, value } = item
    const [{ name }, ...labels] = keys
    const place = placeOf(item, file)
    if (labels.length > 0) throw new DeclarationError(`${name} takes no label`)
    if (before === '' && name === 'config' && value.kind === 'object') collect(value.items, 'config.', out, file)
    else if (before === '' && name === 'policy_file') out.set('policy', fromFile(value, place, file))
    else out.set(before + name, given(value, place, file))
  }
}

/** Nothing that is secret: it is shown. */
function fromFile(value: HclValue, place: string, file: File): Given {
  if (value.kind !== 'string') throw new DeclarationError('policy_file takes the path of a file')
  const path = resolve(file.folder, value.value)
  const read = (): string => {
    try {
      return readFileSync(path, 'utf8')
    } catch (error) {
      throw new DeclarationError(`policy_file cannot be read: ${reasonOf(error)}`)
    }
  }
  return { place, from: undefined, value: read }
}

function given(value: HclValue, place: string, file: File): Given {
  const sources: string[] = []
  const make = resolver(value, file, sources)
  return { place, value: make, from: sources.length === 0 ? undefined : sources.join(', ') }
}

/** What gives the value when it is wanted; the references in it are added to `sources`. */
function resolver(value: HclValue, file: File, sources: string[]): () => Value {
  switch (value.kind) {
    case 'string': {
      const reference = value.heredoc ? undefined : referenceOf(value.value, file.folder, file.env)
      if (reference === undefined) return () => value.value
      sources.push(reference.text)
      return () => reference.value()
    }
    case 'number':
    case 'boolean':
      return () => value.value
    case 'null':
      return () => null
    case 'list': {
      const items = value.elements.map((element) => resolver(element.value, file, sources))
      return () => items.map((make) => make())
    }
    case 'object': {
      const members = value.items.map(
        (item) => [item.keys.map((key) => key.name).join('.'), resolver(item.value, file, sources)] as const,
      )
      return () => new Map(members.map(([name, make]) => [name, make()]))
    }
  }
}

/** Fields that `prepare` changes keep their place. */
function prepared(kind: Kind, fields: ReadonlyMap<string, Given>, place: string): ReadonlyMap<string, Given> {
  if (kind.prepare === undefined) return fields
  const plain = new Map(
    [...fields].filter(([, one]) => one.from === undefined).map(([name, one]) => [name, one.value()]),
  )
  const out = new Map(fields)
  for (const [name, value] of kind.prepare(plain)) {
    if (plain.get(name) !== value)
      out.set(name, { place: fields.get(name)?.place ?? place, from: undefined, value: () => value })
  }
  return out
}
