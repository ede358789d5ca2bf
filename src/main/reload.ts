/** What a running server takes anew, all of it at SIGHUP and each by its name through `sys/config/reload`. */
import type { Server } from '../core/compose.ts'
import { inspectErrors } from '../errors/inspect.ts'
import type { ReloadPort } from '../request/inspect-ports.ts'
import type { Front } from './front.ts'
import type { ServerLog } from './log-setup.ts'
import type { Reread } from './settings.ts'

export interface ReloadsDeps {
  readonly front: Front
  readonly serverLog: ServerLog
  server(): Pick<Server, 'reopenAuditFiles'>
}

type Reader = () => Reread

export class Reloads implements ReloadPort {
  readonly #deps: ReloadsDeps
  /** Reads the configuration again; undefined where there is none to read. */
  reread: Reader | undefined

  constructor(deps: ReloadsDeps) {
    this.#deps = deps
  }

  /** Each part by itself: what is wrong with one must not keep the others as they were. Never rejects. */
  async all(reread: Reader | undefined): Promise<void> {
    await this.#certificates()
    await this.#audit()
    await this.#log()
    await this.#config(reread)
    this.#deps.serverLog.log.info('reloaded certificates, log files and log levels')
  }

  async reload(subsystem: string): Promise<boolean> {
    switch (subsystem) {
      case 'certificates':
        return told(await this.#certificates(), 'the certificates could not be reloaded everywhere')
      case 'audit':
        return told(await this.#audit(), AUDIT)
      case 'log':
        return told(await this.#log(), LOG)
      case 'config':
        return told(await this.#config(this.reread), CONFIG)
      default:
        return false
    }
  }

  async #certificates(): Promise<boolean> {
    const { front } = this.#deps
    let allInOrder = true
    for (const listener of front.listeners) {
      const taken = await this.#attempt(`the certificates of ${listener.address()} could not be reloaded`, () =>
        listener.reload(),
      )
      allInOrder &&= taken
    }
    if (allInOrder)
      return this.#attempt('the certificates could not be reloaded everywhere', () => front.reloadThreadCertificates())
    // What is wrong with one was said already.
    await front.reloadThreadCertificates().catch(() => undefined)
    return false
  }

  #audit(): Promise<boolean> {
    const { front, server } = this.#deps
    return this.#attempt(AUDIT, async () => {
      await server().reopenAuditFiles()
      await front.reopenAuditFiles()
    })
  }

  #log(): Promise<boolean> {
    return this.#attempt(LOG, () => this.#deps.serverLog.reopen())
  }

  async #config(reread: Reader | undefined): Promise<boolean> {
    const { front, serverLog } = this.#deps
    if (reread === undefined) return true
    return this.#attempt(CONFIG, async () => {
      const { level, requests, doors } = reread()
      serverLog.requests.level = requests
      serverLog.levels.configure(level)
      await front.setDoors(doors)
    })
  }

  async #attempt(what: string, part: () => Promise<void> | void): Promise<boolean> {
    try {
      await part()
      return true
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown'
      this.#deps.serverLog.log.error(`${what}; what was there stays in use`, { reason })
      return false
    }
  }
}

const AUDIT = 'the audit files could not be opened again'
const LOG = 'the log file could not be opened again'
const CONFIG = 'the configuration could not be read again'

function told(isDone: boolean, what: string): true {
  if (!isDone) throw inspectErrors.NOT_RELOADED({ what })
  return true
}
