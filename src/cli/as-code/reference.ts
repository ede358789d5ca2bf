/** `env("NAME")` and `file("path")`: where the value of a field comes from that shall not stand in the declaration itself. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { reasonOf } from '../failure.ts'
import type { Environment } from '../io.ts'
import { DeclarationError } from './problem.ts'

export interface Reference {
  /** As it is written. */
  readonly text: string
  /** Looks it up, each time. Throws `DeclarationError`. */
  value(): string
}

const CALL = /^\$\{\s*([a-z_]+)\(\s*"((?:[^"\\]|\\.)*)"\s*\)\s*\}$/

/** Undefined for a text that is just a text. Throws `DeclarationError` for a function that there isn't. */
export function referenceOf(text: string, folder: string, env: Environment): Reference | undefined {
  const [, name, argument = ''] = CALL.exec(text) ?? []
  if (name === undefined) return undefined
  const written = `${name}("${argument}")`
  if (name === 'env') return { text: written, value: () => variable(env, argument) }
  if (name === 'file') return { text: written, value: () => contents(resolve(folder, argument)) }
  throw new DeclarationError(`there is no function ${name}: values come from env("NAME") and file("path")`)
}

function variable(env: Environment, name: string): string {
  const value = env[name] ?? ''
  if (value === '') throw new DeclarationError(`the environment has no ${name}`)
  return value
}

/** Without the newline that editors put at the end. */
function contents(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    throw new DeclarationError(`a file cannot be read: ${reasonOf(error)}`)
  }
}
