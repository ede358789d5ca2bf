/**
 * What a key of the configuration takes. A schema is a record of these, from which come reading, defaults, the typed result and the
 * reference page: nothing about a key is said anywhere else.
 */
import type { Value } from '../lib/hcl/index.ts'
import type { Findings } from './problem.ts'

interface Described {
  /** For the reference: "a duration such as "90s"". */
  readonly takes: string
  readonly help: string
  /** How the reference writes the default. */
  readonly defaultText: string
}

/** Gives the value of an environment variable; undefined where it is not set or empty. */
export type Environment = (name: string) => string | undefined

export interface FromEnvironment {
  /** The first that is set counts. */
  readonly names: readonly string[]
  /** Which counts where both give a value. */
  readonly over: 'file' | 'nothing'
}

export interface Field<T> extends Described {
  readonly status: 'active'
  /** `undefined` after reporting a problem. */
  readonly read: (value: Value, findings: Findings, key: string) => T | undefined
  readonly default: T
  /** Of two files that give it, the later counts; or the greater; or, of booleans, either. */
  readonly merge: 'last' | 'greater' | 'either'
  /** Variables that give the value, too. */
  readonly environment?: readonly FromEnvironment[]
  /** The value is needed, from wherever it comes. */
  readonly needed?: true
}

/** A key of Vault's that has no effect here (a warning says so) or that cannot be met (the server won't start). */
export interface InertField extends Described {
  readonly status: 'ignored' | 'refused'
}

export type Schema = { readonly [key: string]: Field<unknown> | InertField }

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S

/** The typed result: `tls_cert_file` becomes `tlsCertFile`. */
export type ConfigOf<S extends Schema> = {
  readonly [K in keyof S & string as S[K] extends InertField ? never : Camel<K>]: S[K] extends Field<infer T>
    ? T
    : never
}

export function camel(key: string): string {
  return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

export function ignored(help: string): InertField {
  return { status: 'ignored', takes: 'anything', help, defaultText: '' }
}

export function refused(help: string): InertField {
  return { status: 'refused', takes: 'nothing', help, defaultText: '' }
}

/** The same, also given by the first of these variables that is set; over what the file says, unless `over` is `nothing`. */
export function orFrom<T>(names: readonly string[], field: Field<T>, over: FromEnvironment['over'] = 'file'): Field<T> {
  const which = names.map((name) => `\`${name}\``).join(', ')
  const help = `${field.help} ${over === 'file' ? `${which} in the environment counts over it.` : `If it is left out: ${which} in the environment.`}`
  return { ...field, help, environment: [...(field.environment ?? []), { names, over }] }
}

export function needed<T>(field: Field<T>): Field<T> {
  return { ...field, help: `${field.help} Needed.`, needed: true }
}
