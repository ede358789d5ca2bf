/**
 * What is told of a secret: which versions there are and what was done to them, never what is in them.
 * Source: https://developer.hashicorp.com/vault/docs/concepts/events
 */
import type { EngineEvent } from '#framework'
import type { Metadata } from './domain.ts'

export function kvEvent(
  operation: string,
  path: string,
  { dataPath, meta, versions }: { dataPath?: string; meta?: Metadata; versions?: readonly [string, readonly number[]] },
): EngineEvent {
  const metadata: Record<string, string> = {}
  if (meta !== undefined) {
    metadata['current_version'] = String(meta.currentVersion)
    metadata['oldest_version'] = String(meta.oldestVersion)
  }
  if (versions !== undefined) metadata[versions[0]] = JSON.stringify(versions[1])
  return { type: `kv-v2/${operation}`, path, dataPath, modified: true, metadata }
}
