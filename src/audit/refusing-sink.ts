import type { Sink } from './sink.ts'

/** Of a device that can't be made: it stays in force and takes nothing, so that auditing does not end unnoticed. */
export function refusingSink(reason: unknown): Sink {
  const refuse = async (): Promise<void> => {
    throw reason
  }
  return { open: refuse, write: refuse, reopen: refuse, close: async () => {} }
}
