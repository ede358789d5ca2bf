import { defineCommand } from '../command.ts'
import { attempt } from '../failure.ts'
import { flag } from '../flags/flag.ts'
import { sanitizePath } from '../paths.ts'
import { printListing } from './shared/listing.ts'

export const command = defineCommand({
  usage: '[options] PATH',
  help: `  Lists the keys at a path. A key that ends in a slash has more below it. Not every engine can list.

      $ coffer list secret/metadata/
      $ coffer list -detailed sys/policies/acl
      $ coffer list -after=b -limit=50 secret/metadata/`,
  output: ['format', 'detailed'],
  flags: {
    after: flag.string({ usage: 'Leave out the keys up to this one, where the path supports it.' }),
    limit: flag.int({ initial: -1, usage: 'List this many keys at most, where the path supports it.' }),
  },
  async run(run) {
    run.expectArgs(1)
    const path = sanitizePath(run.arg(0))
    const { after, limit } = run.flags
    // Sent only if asked for, so that paths that do not know them have nothing to warn of.
    const query =
      after === '' && limit <= 0
        ? []
        : ([
            ['after', after],
            ['limit', String(limit)],
          ] as const)
    const secret = await attempt(`Error listing ${path}`, (await run.client()).list(path, query))
    return printListing(run.ui, secret, path)
  },
})
