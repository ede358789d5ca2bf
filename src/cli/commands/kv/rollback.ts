import { defineCommand } from '../../command.ts'
import { attempt, failure, usageFailure } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { sanitizePath } from '../../paths.ts'
import { printWritten } from '../shared/written.ts'
import { noData, readVersion } from './existing.ts'
import { mount, resolveTarget } from './target.ts'

export const command = defineCommand({
  usage: '[options] KEY',
  help: `  Makes an earlier version of a key current again: its data is written as a new version. Deleted and destroyed versions
  cannot come back this way.

      $ coffer kv rollback -mount=secret -version=2 foo`,
  output: ['field', 'format'],
  optionsTitle: 'Common Options',
  flags: { mount, version: flag.int({ usage: 'The version to make current again.' }) },
  async run(run) {
    const { version } = run.flags
    if (run.args.length !== 1) throw usageFailure(`Invalid number of arguments (expected 1, got ${run.args.length})`)
    if (!run.given.has('version')) throw usageFailure('Version flag must be specified')
    if (version <= 0) throw usageFailure(`Invalid value ${version} for the version flag`)
    const client = await run.client()
    const target = await resolveTarget(client, run.flags.mount, sanitizePath(run.arg(0)))
    if (!target.v2) throw failure('K/V engine mount must be version 2 for rollback support')
    const path = target.path('data')
    const current = await readVersion(client, path, 'rollback')
    const earlier = await readVersion(client, path, 'rollback', [['version', String(version)]])
    if (earlier.deleted) throw failure('Cannot roll back to a version that has been deleted')
    if (earlier.destroyed) throw failure('Cannot roll back to a version that has been destroyed')
    if (earlier.data === undefined) throw noData(path, 'rollback')
    const body = { data: earlier.data, options: { cas: current.version } }
    const secret = await attempt(`Error writing data to ${path}`, client.write(path, body))
    return printWritten(run.ui, secret, `Data written to: ${path}`)
  },
})
