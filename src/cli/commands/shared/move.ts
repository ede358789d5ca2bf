/** Moving a mount, which the server does in the background. */
import { attempt } from '../../failure.ts'
import type { Flags } from '../../flags/flag.ts'
import { withSlash } from '../../paths.ts'
import type { Run } from '../../run.ts'
import { member, plainText } from '../../tree.ts'

const firstWaitMs = 100
const longestWaitMs = 10_000
/** A quicker move needs no word of patience. */
const patienceMs = 800

/** `what` is "secrets engine" or "auth method". Waits until the server is done. */
export async function move(run: Run<Flags>, what: string): Promise<number> {
  run.expectArgs(2)
  const from = withSlash(run.arg(0))
  const to = withSlash(run.arg(1))
  const client = await run.client()
  const start = { method: 'POST', path: 'sys/remount', body: { from, to } } as const
  const started = await attempt(`Error moving ${what} ${from} to ${to}`, client.send(start))
  const id = plainText(started?.data?.get('migration_id'))
  const those = `${what} ${from} to ${to}, with migration ID ${id}`
  run.ui.print(`Started moving ${those}`)
  for (let wait = firstWaitMs; ; wait = Math.min(wait * 2, longestWaitMs)) {
    const answer = await attempt(
      `Error checking migration status of ${what} ${from} to ${to}`,
      client.read(`sys/remount/status/${id}`),
    )
    const status = plainText(member(answer?.data?.get('migration_info'), 'status'))
    if (status === 'success') {
      run.ui.print(`Success! Finished moving ${those}`)
      return 0
    }
    if (status === 'failure') {
      run.ui.error(`Failure! Error encountered moving ${those}`)
      return 2
    }
    if (wait === patienceMs) run.ui.print(`Waiting for terminal status in migration of ${those}`)
    await run.io.sleep(wait)
  }
}
