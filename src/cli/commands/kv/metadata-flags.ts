/** Settings of a key, for `kv metadata put` and `patch`. */
import { formatDuration } from '../../../lib/duration.ts'
import { flag } from '../../flags/flag.ts'
import type { Values } from '../../flags/flag.ts'
import type { TreeSource } from '../../tree.ts'
import { mount } from './target.ts'

export const metadataFlags = {
  mount,
  'max-versions': flag.int({
    initial: -1,
    usage: "How many versions to keep. If not set, the engine's setting holds.",
  }),
  'cas-required': flag.maybeBool({
    usage: "Whether every write of this key must carry the cas parameter. If false, the engine's setting holds.",
  }),
  'delete-version-after': flag.duration({
    initial: -1,
    usage:
      "How long a version lives before it is deleted, such as 30s or 3h25m19s. If not set, the engine's setting holds.",
  }),
  'custom-metadata': flag.map({ usage: 'A label of your own, as key=value. May be given several times.' }),
}

export type MetadataValues = Values<typeof metadataFlags>

/** Without the labels, which the two commands treat differently. */
export function metadataSettings(flags: MetadataValues): Record<string, TreeSource | undefined> {
  const after = flags['delete-version-after']
  return {
    max_versions: flags['max-versions'] >= 0 ? flags['max-versions'] : undefined,
    cas_required: flags['cas-required'],
    delete_version_after: after >= 0 ? formatDuration(after) : undefined,
  }
}
