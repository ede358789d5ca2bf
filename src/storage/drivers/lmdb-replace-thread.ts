/** The thread of `lmdb-replace.ts`. */
import { parentPort, workerData } from 'node:worker_threads'
import { ABORT } from 'lmdb'
import { encodeSequence, openDatabase, SEQUENCE_KEY } from './lmdb-environment.ts'
import type { ReplaceAnswer, ReplaceStep, ReplaceTarget } from './lmdb-replace.ts'

const port = parentPort
if (port === null) throw new Error('this is the code of a thread')
const { path, mapSize }: ReplaceTarget = workerData
const db = openDatabase(path, mapSize)
const answer = (message: ReplaceAnswer): void => port.postMessage(message)

const steps: ReplaceStep[] = []
let wake: (() => void) | undefined
port.on('message', (step: ReplaceStep) => {
  steps.push(step)
  wake?.()
})

async function next(): Promise<ReplaceStep> {
  for (;;) {
    const step = steps.shift()
    if (step !== undefined) return step
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }
}

try {
  await db.transactionSync(async () => {
    db.clearSync()
    for (;;) {
      const step = await next()
      if (step.kind === 'commit') {
        db.putSync(SEQUENCE_KEY, encodeSequence(step.sequence))
        return undefined
      }
      if (step.kind === 'abort') return ABORT
      for (const [key, value] of step.entries) db.putSync(key, value)
      answer({ kind: 'ok' })
    }
  })
  answer({ kind: 'ok' })
} catch (error) {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined
  answer({ kind: 'failed', code })
}
