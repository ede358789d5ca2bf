/** Operations as HTTP knows them: what help, OpenAPI and the reference pages say alike. */
import type { Verb } from '../../request/operation.ts'
import type { Engine } from '../engine.ts'
import type { OperationDefinition, PathDefinition } from '../path.ts'

/** In the order they are told of. */
export const VERBS: readonly Verb[] = ['read', 'list', 'scan', 'write', 'patch', 'delete']

/** In byte order of their templates; hidden ones are left out. */
export function shownPaths(engine: Engine): readonly PathDefinition[] {
  return engine.paths
    .filter((path) => path.flags.hidden !== true)
    .toSorted((a, b) => (a.template < b.template ? -1 : a.template > b.template ? 1 : 0))
}

export function shownOperations(path: PathDefinition): readonly OperationDefinition[] {
  return VERBS.flatMap((verb) => path.operations.get(verb) ?? []).filter(({ flags }) => flags.hidden !== true)
}

/** The operation takes JSON, not a query. */
export function hasBody({ verb }: OperationDefinition): boolean {
  return verb === 'write' || verb === 'patch'
}
