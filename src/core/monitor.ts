/** The log as it is written, for `sys/monitor`. */
import { levelNames, type LogHub } from '../lib/observe/index.ts'
import type { MonitorPort, MonitorWish } from '../request/inspect-ports.ts'

export class Monitor implements MonitorPort {
  readonly #hub: LogHub

  constructor(hub: LogHub) {
    this.#hub = hub
  }

  lines({ level: asked, format }: MonitorWish): ReturnType<MonitorPort['lines']> {
    const level = levelNames.find((name) => name === asked.toLowerCase() && name !== 'off')
    if (level === undefined) return 'level'
    if (format !== 'standard' && format !== 'json') return 'format'
    return this.#hub.open(level, format) ?? 'full'
  }
}
