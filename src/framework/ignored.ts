/**
 * Vault's warnings for inputs that have no effect: a parameter that the path does not know (often a misspelt one), and one whose
 * value stands in the path. An acknowledgement without content
 * carries no warning of them, nor does a 404.
 */
import type { Reply } from '../request/reply.ts'
import type { Call } from './context.ts'
import { inputsOf, type OperationDefinition, type PathDefinition } from './path.ts'

/** Parts of a query that say which operation is meant. */
const OPERATION_NAMES = ['list', 'scan', 'help']

/** `path` with operations that warn. What one operation knows the others know too, as in Vault. */
export function withWarnings(path: PathDefinition): PathDefinition {
  const known = new Set(OPERATION_NAMES)
  for (const operation of path.operations.values()) for (const name of Object.keys(operation.fields)) known.add(name)
  const inPath = new Set(Object.keys(path.params))
  const warning = (operation: OperationDefinition): OperationDefinition => ({
    ...operation,
    creating: operation.creating && warning(operation.creating),
    run: async (call, prepared) => {
      const reply = await operation.run(call, prepared)
      if (says(reply)) warn(call, operation, known, inPath)
      return reply
    },
  })
  const operations = [...path.operations].map(([verb, operation]) => [verb, warning(operation)] as const)
  return { ...path, operations: new Map(operations) }
}

function says(reply: Reply): boolean {
  return (
    (reply.data !== undefined || reply.grant !== undefined || reply.auth !== undefined) && (reply.status ?? 200) < 400
  )
}

function warn(
  call: Call,
  operation: OperationDefinition,
  known: ReadonlySet<string>,
  inPath: ReadonlySet<string>,
): void {
  const given = inputsOf(call, operation)
  if (given.size === 0) return
  const names = [...given.keys()].toSorted()
  const ignored =
    operation.flags.arbitraryInput === true ? [] : names.filter((name) => !known.has(name) && !inPath.has(name))
  const replaced = names.filter((name) => inPath.has(name))
  if (ignored.length > 0) call.warn(`Endpoint ignored these unrecognized parameters: [${ignored.join(' ')}]`)
  if (replaced.length > 0) {
    call.warn(
      `Endpoint replaced the value of these parameters with the values captured from the endpoint's path: [${replaced.join(' ')}]`,
    )
  }
}
