/**
 * Replaces all that an LMDB environment holds, in one transaction of LMDB's. It runs in a thread of its own: while the transaction is
 * open, every read that the same thread's library makes would see it half-way.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Entry, Sequence } from '../driver.ts'
import { checkWrites } from '../key-order.ts'
import { storageErrorOf } from './lmdb-environment.ts'

/** What the thread is told, one at a time; it answers each with a `ReplaceAnswer`. */
export type ReplaceStep =
  | { readonly kind: 'put'; readonly entries: readonly Entry[] }
  | { readonly kind: 'commit'; readonly sequence: Sequence }
  | { readonly kind: 'abort' }

/** `errno` is LMDB's. */
export type ReplaceAnswer = { readonly kind: 'ok' } | { readonly kind: 'failed'; readonly code: number | undefined }

export interface ReplaceTarget {
  readonly path: string
  readonly mapSize: number
}

/** A failed write in the other thread, with LMDB's own code, as the library's errors have it. */
class ReplaceError extends Error {
  readonly code: number | undefined

  constructor(code: number | undefined) {
    super('the store could not be replaced')
    this.name = 'ReplaceError'
    this.code = code
  }
}

/** Rejects as `Driver.replace` does. */
export async function replaceAll(
  { path, mapSize }: ReplaceTarget,
  entries: AsyncIterable<readonly Entry[]>,
  sequence: Sequence,
  limits: { readonly maxKeyBytes: number; readonly maxValueBytes: number },
): Promise<void> {
  const worker = new Worker(new URL('./lmdb-replace-thread.ts', import.meta.url), {
    workerData: { path, mapSize } satisfies ReplaceTarget,
  })
  try {
    const step = async (message: ReplaceStep): Promise<void> => {
      // The answer comes in a later turn, when it is waited for.
      worker.postMessage(message)
      const [answer]: readonly ReplaceAnswer[] = await once(worker, 'message')
      if (answer?.kind !== 'ok') throw new ReplaceError(answer?.code)
    }
    try {
      for await (const page of entries) {
        checkWrites(limits, new Map(page))
        await step({ kind: 'put', entries: page })
      }
    } catch (error) {
      // A thread that is ended with its transaction open would leave the store locked.
      if (!(error instanceof ReplaceError)) await step({ kind: 'abort' })
      throw error
    }
    await step({ kind: 'commit', sequence })
  } catch (error) {
    throw error instanceof ReplaceError ? storageErrorOf(error, path) : error
  } finally {
    await worker.terminate()
  }
}
