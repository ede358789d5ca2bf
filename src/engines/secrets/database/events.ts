/**
 * What is told of databases: that users, connections and roles were made or changed, never what they prove themselves with.
 * Source: https://developer.hashicorp.com/vault/docs/concepts/events
 */
import type { EngineEvent } from '#framework'
import type { Work } from './ports.ts'

export function databaseEvent(
  operation: string,
  path: string,
  name: string,
  { modified = true, ...metadata }: { readonly modified?: boolean; readonly plugin_name?: string } = {},
): EngineEvent {
  const named = name === '' ? metadata : { ...metadata, name }
  return { type: `database/${operation}`, path, modified, metadata: named }
}

/** What has failed has no transaction in which it could be told: it gets one. Never rejects: the failure itself is what counts. */
export async function tellFailure({ apart }: Pick<Work, 'apart'>, event: EngineEvent): Promise<void> {
  try {
    await apart.write((_, emit) => emit(event))
  } catch {
    // Whoever asked is told of the failure all the same.
  }
}
