/** What is told of a kind of method: its fields, what is kept of them, and what is shown again. */
import { f, parseFields, type Fields, type Infer, type JsonOut } from '#framework'
import type { Input } from '#framework'
import type { MethodType, StoredMethod } from '../store.ts'

/** The member of a stored method that its type names. */
export type Settings = Partial<Pick<StoredMethod, MethodType>>

export interface MethodKind {
  readonly type: MethodType
  readonly help: string
  readonly fields: Fields
  readonly replyFields: Fields
  /** Ids of the operations in OpenAPI: `duo`, `ping-id`. */
  readonly noun: string
  /** Undefined where the kind asks nobody by a name. */
  readonly usernameFormat: (given: ReadonlyMap<string, Input>) => string | undefined
  /** Throws where they are not good, in Vault's order. */
  settings(given: ReadonlyMap<string, Input>): Settings
  shown(method: StoredMethod): { readonly [name: string]: JsonOut }
}

export const usernameFormat = {
  username_format: f
    .string(
      'What the service calls somebody: a text in which {{identity.entity.name}} and the like stand for what is known of the entity. ' +
        'Its name if absent.',
    )
    .optional(),
}

export function defineKind<const F extends Fields>(init: {
  readonly type: MethodType
  readonly help: string
  readonly noun: string
  readonly asksByName: boolean
  readonly fields: F
  readonly replyFields: Fields
  readonly settings: (given: Infer<F>) => Settings
  readonly shown: (method: StoredMethod) => { readonly [name: string]: JsonOut }
}): MethodKind {
  const { settings, asksByName, fields, ...rest } = init
  return {
    ...rest,
    fields: asksByName ? { ...usernameFormat, ...fields } : fields,
    usernameFormat: (given) => (asksByName ? parseFields(usernameFormat, given).username_format : undefined),
    settings: (given) => settings(parseFields(fields, given)),
  }
}
