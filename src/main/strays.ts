/** A stray failure is logged and survived: a server that ends is a vault that is sealed. */
import type { Logger } from '../lib/observe/index.ts'

export function surviveStrays(log: Logger): void {
  const tell = (what: string, error: unknown) => {
    const stack =
      error instanceof Error
        ? (error.stack ?? '')
            .split('\n')
            .filter((line) => line.trimStart().startsWith('at '))
            .slice(0, 8)
            .join(' |')
        : ''
    log.error(what, { cause: error instanceof Error ? error.name : typeof error, stack })
  }
  process.on('unhandledRejection', (error) => tell('a promise was rejected and nobody noticed', error))
  process.on('uncaughtException', (error) => tell('an exception reached the top', error))
}
