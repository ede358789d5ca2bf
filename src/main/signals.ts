/** SIGTERM and SIGINT end the server in order; SIGHUP reloads; a second SIGTERM or SIGINT ends it at once. */
import type { Logger } from '../lib/observe/index.ts'

export interface Reloads {
  reload(): Promise<void>
}

/** Resolves when the server is asked to stop. */
export function waitForEnd(log: Logger, { reload }: Reloads): Promise<void> {
  return new Promise((resolve) => {
    let asked = false
    let reloading = Promise.resolve()
    const end = (signal: NodeJS.Signals) => {
      if (asked) process.exit(1)
      asked = true
      log.info('stopping', { signal })
      resolve()
    }
    process.on('SIGTERM', end)
    process.on('SIGINT', end)
    // One after the other, however many come at once.
    process.on('SIGHUP', () => {
      if (asked) return
      reloading = reloading.then(reload).catch((error: unknown) => {
        log.error('reload failed', { cause: error instanceof Error ? error.name : 'unknown' })
      })
    })
  })
}
