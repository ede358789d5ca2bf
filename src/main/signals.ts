/** SIGTERM and SIGINT end the server in order; SIGHUP reloads; a second SIGINT ends it at once. */
import type { Logger } from '../lib/observe/index.ts'

export interface Reloads {
  reload(): Promise<void>
}

/** Resolves when the server is asked to stop. */
export function waitForEnd(log: Logger, { reload }: Reloads): Promise<void> {
  return new Promise((resolve) => {
    let asked = false
    const end = (signal: NodeJS.Signals) => {
      if (asked) process.exit(1)
      asked = true
      log.info('stopping', { signal })
      resolve()
    }
    process.on('SIGTERM', end)
    process.on('SIGINT', end)
    process.on('SIGHUP', () => {
      reload().catch((error: unknown) => log.error('reload failed', { cause: error instanceof Error ? error.name : 'unknown' }))
    })
  })
}
