/** The process looked at from inside, for `sys/pprof`: profiles of its threads, and what there is to tell in words. */
import { readdirSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8'
import { inspectErrors } from '../errors/inspect.ts'
import type { Clock } from '../lib/clock.ts'
import { takeProfile, takeTrace } from '../lib/observe/index.ts'
import type { ProfilerPort, ProfileWish } from '../request/inspect-ports.ts'
import type { ThreadsPort } from './threads-port.ts'

export interface ProfilerDeps {
  readonly clock: Clock
  readonly threads: Pick<ThreadsPort, 'numbers' | 'profile'>
  readonly commandLine: readonly string[]
}

/** Flags whose value opens the vault. */
const SECRET_FLAGS = /^(--?dev-root-token-id)=.*/s

export class Profiler implements ProfilerPort {
  readonly #deps: ProfilerDeps
  readonly #delay = monitorEventLoopDelay({ resolution: 20 })
  /** One at a time: the samples of two would be of each other. */
  #isBusy = false

  constructor(deps: ProfilerDeps) {
    this.#deps = deps
  }

  async profile(thread: number, wish: ProfileWish): Promise<string | undefined> {
    const { clock, threads } = this.#deps
    if (thread !== 0 && !threads.numbers().includes(thread)) return undefined
    return this.#alone(() =>
      thread === 0 ? takeProfile(wish.kind, wish.seconds, clock) : threads.profile(thread, wish),
    )
  }

  trace(seconds: number): Promise<string> {
    return this.#alone(() => takeTrace(seconds, this.#deps.clock))
  }

  activity(): string {
    const resources = Map.groupBy(process.getActiveResourcesInfo(), (kind) => kind)
    const rows = [...resources].map(([kind, all]) => `${all.length} ${kind}`).toSorted()
    return `what the event loop of the main thread waits for: total ${process.getActiveResourcesInfo().length}\n${rows.join('\n')}\n`
  }

  heapStatistics(): string {
    const whole = Object.entries(getHeapStatistics()).map(([name, value]) => `${name} ${value}`)
    const spaces = getHeapSpaceStatistics().map(
      (space) => `${space.space_name} used ${space.space_used_size} of ${space.space_size}`,
    )
    return `heap of the main thread\n${whole.join('\n')}\n\nspaces\n${spaces.join('\n')}\n`
  }

  threads(): string {
    const serving = this.#deps.threads.numbers().map((number) => `thread ${number}: serving`)
    return `${[`threads of the process: total ${osThreads()}`, 'thread 0: main', ...serving].join('\n')}\n`
  }

  loopDelay(): string {
    const utilization = performance.eventLoopUtilization()
    this.#delay.enable()
    const { min, mean, max } = this.#delay
    const text = [
      'delay of the event loop of the main thread since this was asked last',
      `min ${ms(min)} ms`,
      `mean ${ms(mean)} ms`,
      ...[50, 90, 99, 99.9].map((p) => `p${p} ${ms(this.#delay.percentile(p))} ms`),
      `max ${ms(max)} ms`,
      `busy ${(utilization.utilization * 100).toFixed(1)} % of its life`,
    ]
    this.#delay.reset()
    return `${text.join('\n')}\n`
  }

  commandLine(): readonly string[] {
    let isSecret = false
    return this.#deps.commandLine.map((argument) => {
      const hidden = isSecret ? '[redacted]' : argument.replace(SECRET_FLAGS, '$1=[redacted]')
      isSecret = /^--?dev-root-token-id$/.test(argument)
      return hidden
    })
  }

  async #alone(action: () => Promise<string>): Promise<string> {
    if (this.#isBusy) throw inspectErrors.PROFILING()
    this.#isBusy = true
    try {
      return await action()
    } finally {
      this.#isBusy = false
    }
  }
}

function ms(nanoseconds: number): string {
  return Number.isFinite(nanoseconds) && nanoseconds < 1e15 ? (nanoseconds / 1e6).toFixed(3) : '0.000'
}

/** Those of the operating system, where it tells. */
function osThreads(): string {
  try {
    return String(readdirSync('/proc/self/task').length)
  } catch {
    return 'unknown'
  }
}
