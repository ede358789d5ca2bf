/**
 * Profiles of the thread that calls, in V8's own formats (`.cpuprofile`, `.heapprofile`), through its inspector and without opening a
 * port. They name functions and places in the source and count; they hold no values, as a heap snapshot would.
 */
import { Session } from 'node:inspector/promises'
import type { Clock } from '../clock.ts'

export type ProfileKind = 'cpu' | 'heap' | 'allocs'

/** Average distance between two allocations that are looked at, bytes. */
const SAMPLING_INTERVAL = 64 * 1024

/** Resolves with JSON text after so many seconds. Two at once disturb each other. */
export async function takeProfile(kind: ProfileKind, seconds: number, clock: Clock): Promise<string> {
  using inspected = new Inspected()
  const { session } = inspected
  if (kind === 'cpu') {
    await session.post('Profiler.enable')
    await session.post('Profiler.start')
    await passed(seconds, clock)
    const { profile } = await session.post('Profiler.stop')
    return JSON.stringify(profile)
  }
  const gone = kind === 'allocs'
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: SAMPLING_INTERVAL,
    includeObjectsCollectedByMajorGC: gone,
    includeObjectsCollectedByMinorGC: gone,
  })
  await passed(seconds, clock)
  const { profile } = await session.post('HeapProfiler.stopSampling')
  return JSON.stringify(profile)
}

/** Of engine and collector alone: categories of Node's own would tell of files and requests. */
const CATEGORIES = ['v8', 'devtools.timeline,v8', 'node.environment']

/** Trace events in Chrome's JSON; of the main thread only. */
export async function takeTrace(seconds: number, clock: Clock): Promise<string> {
  using inspected = new Inspected()
  const { session } = inspected
  const events: object[] = []
  const complete = Promise.withResolvers<void>()
  session.on('NodeTracing.dataCollected', ({ params }) => void events.push(...params.value))
  session.on('NodeTracing.tracingComplete', () => complete.resolve())
  await session.post('NodeTracing.start', { traceConfig: { includedCategories: CATEGORIES } })
  await passed(seconds, clock)
  await session.post('NodeTracing.stop')
  using _late = clock.timer(LAST_EVENTS, complete.resolve)
  await complete.promise
  return JSON.stringify({ traceEvents: events })
}

/** How long to wait for the last events, ms. */
const LAST_EVENTS = 5_000

class Inspected implements Disposable {
  readonly session = new Session()

  constructor() {
    this.session.connect()
  }

  [Symbol.dispose](): void {
    this.session.disconnect()
  }
}

async function passed(seconds: number, clock: Clock): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  using _timer = clock.timer(seconds * 1000, resolve)
  await promise
}
