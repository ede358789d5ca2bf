/** The rounds of a capture: what is looked at once, again and again, and all the time. */
import type { Capture } from './capture.ts'
import type { Target } from './targets.ts'

export interface CapturePlan {
  /** Seconds. */
  readonly duration: number
  readonly interval: number
  readonly metricsInterval: number
  /** Of the log. */
  readonly format: string
  readonly targets: readonly Target[]
  say(text: string): void
}

/** What a profile of the processor takes at most, s; the other profiles of a round need some time, too. */
const LONGEST_PROFILE = 30
const REST_OF_ROUND = 3

/** Until the time is over, or the process is interrupted. */
export async function captureUntil(capture: Capture, plan: CapturePlan): Promise<void> {
  const ending = new AbortController()
  const end = (): void => ending.abort()
  const timer = setTimeout(end, plan.duration * 1000)
  process.once('SIGINT', end)
  try {
    for (const target of plan.targets.filter(({ isStatic }) => isStatic === true)) {
      plan.say(target.says)
      await capture.poll(target, target.polls ?? [])
    }
    await Promise.all(
      plan.targets
        .filter(({ isStatic }) => isStatic !== true)
        .map((target) => (target.follows === true ? follow(target) : again(target))),
    )
  } finally {
    clearTimeout(timer)
    process.off('SIGINT', end)
  }

  function follow(target: Target): Promise<void> {
    plan.say(target.says)
    return capture.follow(target, plan.format, ending.signal)
  }

  async function again(target: Target): Promise<void> {
    const every = target.isMetrics === true ? plan.metricsInterval : plan.interval
    const seconds = Math.max(1, Math.min(LONGEST_PROFILE, Math.floor(Math.min(every, plan.duration)) - REST_OF_ROUND))
    for (let count = 0; !ending.signal.aborted; count++) {
      const rest = passed(every * 1000, ending.signal)
      plan.say(`${target.says}: count=${count}`)
      await capture.poll(target, target.polls ?? [])
      if (target.profiles !== undefined) await capture.profile(target, target.profiles(seconds))
      await rest
    }
  }
}

function passed(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    const over = (): void => {
      clearTimeout(timer)
      resolve()
    }
    if (signal.aborted) over()
    else signal.addEventListener('abort', over, { once: true })
  })
}
