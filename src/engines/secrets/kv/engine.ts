/** Secrets that clients store: plain (version 1) or with their history (version 2), as the mount's option `version` says. */
import { defineEngine } from '#framework'
import { upgrade } from './upgrade.ts'
import { kvV1Errors } from './v1/domain.ts'
import { entry } from './v1/paths/entry.ts'
import { config } from './v2/paths/config.ts'
import { data } from './v2/paths/data.ts'
import { detailedMetadata } from './v2/paths/detailed-metadata.ts'
import { secretMetadata } from './v2/paths/metadata.ts'
import { subkeys } from './v2/paths/subkeys.ts'
import { unknown } from './v2/paths/unknown.ts'
import { deletion, destruction, undeletion } from './v2/paths/versions.ts'

export const kvV1 = defineEngine({
  type: 'kv',
  kind: 'secret',
  help: 'Keeps secrets: any JSON object at any path.',
  paths: [entry],
  takesOver: () => {
    throw kvV1Errors.DOWNGRADE()
  },
})

export const kvV2 = defineEngine({
  type: 'kv',
  kind: 'secret',
  help: 'Keeps secrets with their earlier versions: any JSON object at any path.',
  paths: [config, data, deletion, undeletion, destruction, subkeys, secretMetadata, detailedMetadata, unknown],
  takesOver: upgrade,
})
