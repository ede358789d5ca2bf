import type { Client } from '../../client/client.ts'
import { ResponseError } from '../../client/response-error.ts'
import type { Secret } from '../../client/secret.ts'
import { defineCommand } from '../../command.ts'
import { attempt, CliFailure, failure, usageFailure } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { sanitizePath } from '../../paths.ts'
import type { Pairs } from '../../input/pairs.ts'
import { nullTree } from '../../tree.ts'
import { noData, readVersion } from './existing.ts'
import { mount, resolveTarget } from './target.ts'
import { printNewVersion } from './written.ts'

/** What a server answers that forbids PATCH, or does not know it. */
const forbidden = 403
const unknownMethod = 405

export const command = defineCommand({
  usage: '[options] KEY [DATA]',
  help: `  Changes some values of a key and keeps the others. The key must exist, and the engine must be of version 2.

      $ coffer kv patch -mount=secret foo bar=baz
      $ coffer kv patch -mount=secret -remove-data=bar foo

  It is done by one PATCH request, or, where the policy does not allow that, by reading, changing and writing back, which
  needs the "read" and "update" capabilities. -method=patch and -method=rw ask for one of them alone.`,
  output: ['field', 'format'],
  optionsTitle: 'Common Options',
  flags: {
    mount,
    cas: flag.int({
      usage: 'Check and set: patch only if this is the current version of the key. 0 patches in any case.',
    }),
    method: flag.string({
      usage: 'How to do it: "patch" for an HTTP PATCH request, "rw" to read, change and write back.',
    }),
    'remove-data': flag.list({ usage: 'Key to remove from the data. May be given several times.' }),
  },
  async run(run) {
    const { cas, method, 'remove-data': removed } = run.flags
    run.expectArgs(1, Infinity, '>1')
    if (removed.length === 0 && run.args.length === 1) throw usageFailure('Must supply data')
    if (!['', 'patch', 'rw'].includes(method)) {
      throw failure(`Unsupported method provided to -method flag: ${method}. It is one of "patch" and "rw"`)
    }
    // In a merge patch a null removes.
    const data = new Map([...(await run.pairs(1)), ...removed.map((key) => [key, nullTree] as const)])
    const client = await run.client()
    const target = await resolveTarget(client, run.flags.mount, sanitizePath(run.arg(0)))
    if (!target.v2) throw failure('K/V engine mount must be version 2 for patch support')
    const path = target.path('data')
    if (method === 'rw') return printNewVersion(run.ui, await readThenWrite(client, path, data), path)
    try {
      return await printNewVersion(run.ui, await mergePatch(client, path, data, cas), path)
    } catch (error) {
      const cause = error instanceof CliFailure ? error.cause : undefined
      const status = cause instanceof ResponseError ? cause.status : 0
      if (method === 'patch' || (status !== forbidden && status !== unknownMethod)) throw error
      const written = await readThenWrite(client, path, data)
      if (status === forbidden) {
        run.ui.warn(
          `Data was written to ${path} but we recommend that you add the "patch" capability to your ACL policy in order to use HTTP PATCH in the future.`,
        )
      }
      return printNewVersion(run.ui, written, path)
    }
  },
})

async function mergePatch(client: Client, path: string, data: Pairs, cas: number): Promise<Secret | undefined> {
  const options = cas > 0 ? { cas } : {}
  return attempt(`Error writing data to ${path}`, client.patch(path, { data, options }))
}

/** Bound to the version that was read, so that nobody's write in between is lost. */
async function readThenWrite(client: Client, path: string, data: Pairs): Promise<Secret | undefined> {
  const existing = await readVersion(client, path, 'patch')
  if (existing.data === undefined) throw noData(path, 'patch')
  const merged = new Map([...existing.data, ...data].filter(([key]) => data.get(key)?.kind !== 'null'))
  const body = { data: merged, options: { cas: existing.version } }
  return attempt(`Error writing data to ${path}`, client.write(path, body))
}
