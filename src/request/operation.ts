/** What a request wants of a path: the words of Vault's logical layer, not HTTP's. */
export type Operation = 'read' | 'list' | 'scan' | 'create' | 'update' | 'patch' | 'delete' | 'help'

/** Operations a path can declare; `write` serves both create and update. */
export type Verb = 'read' | 'list' | 'scan' | 'write' | 'patch' | 'delete'

export function verbOf(operation: Exclude<Operation, 'help'>): Verb {
  return operation === 'create' || operation === 'update' ? 'write' : operation
}
