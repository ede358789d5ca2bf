/** The reference's operations as `vault-1.15.txt` has them, and what of them is left out, as `left-out.txt` says with its reasons. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Operation } from './operations.ts'

/** Relative to the mount. */
export interface Known extends Operation {
  readonly group: string
}

export interface LeftOut {
  readonly group: string
  /** `method /path`; `*` at its end stands for anything. */
  readonly what: string
  /** A field of what is served; undefined where the operation is not. */
  readonly field: string | undefined
  readonly reason: string
}

export function knownOperations(): readonly Known[] {
  return sections('vault-1.15.txt').map(({ group, line }) => {
    const [method = '', path = '', ...fields] = line.split(' ')
    return { group, method, path, fields }
  })
}

export function leftOut(): readonly LeftOut[] {
  return sections('left-out.txt').map(({ group, line }) => {
    const [said = '', reason = ''] = line.split(' : ')
    const [what = '', field] = said.split(' field ')
    return { group, what: what.trim(), field: field?.trim(), reason: reason.trim() }
  })
}

export function covers({ what }: LeftOut, { method, path }: Known): boolean {
  const text = `${method} ${path}`
  return what.endsWith('*') ? text.startsWith(what.slice(0, -1)) || what === '*' : text === what
}

/** Lines below headings in brackets. */
function sections(file: string): readonly { readonly group: string; readonly line: string }[] {
  let group = ''
  const found: { group: string; line: string }[] = []
  for (const line of readFileSync(join(import.meta.dirname, file), 'utf8').split('\n')) {
    const heading = /^\[(.+)\]$/.exec(line)?.[1]
    if (heading !== undefined) group = heading
    else if (line !== '' && !line.startsWith('#')) found.push({ group, line })
  }
  return found
}
