import { attempt, usageFailure } from '../../failure.ts'
import type { Flag } from '../../flags/flag.ts'
import { sanitizePath } from '../../paths.ts'
import type { Run } from '../../run.ts'
import { printWritten } from '../shared/written.ts'
import { resolveTarget, versionList } from './target.ts'

type VersionFlags = { readonly mount: Flag<string>; readonly versions: Flag<readonly string[]> }

/** `destroy` and `undelete`, which differ in the path alone. */
export async function writeVersions(run: Run<VersionFlags>, section: 'destroy' | 'undelete'): Promise<number> {
  run.expectArgs(1)
  const versions = versionList(run.flags.versions)
  if (versions.length === 0) {
    throw usageFailure(`No versions provided, use the "-versions" flag to specify the version to ${section}.`)
  }
  const client = await run.client()
  const target = await resolveTarget(client, run.flags.mount, sanitizePath(run.arg(0)))
  if (!target.v2) throw usageFailure(`${section === 'destroy' ? 'Destroy' : 'Undelete'} not supported on KV Version 1`)
  const path = target.path(section)
  const secret = await attempt(`Error writing data to ${path}`, client.write(path, { versions }))
  return printWritten(run.ui, secret, `Data written to: ${path}`)
}
