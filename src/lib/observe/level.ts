export const levelNames = ['trace', 'debug', 'info', 'warn', 'error', 'off'] as const
export type LogLevel = (typeof levelNames)[number]

/** Also takes Vault's other spellings; `undefined` for a word that is no level. */
export function parseLogLevel(text: string): LogLevel | undefined {
  const word = text.trim().toLowerCase()
  if (word === 'notice' || word === '') return 'info'
  if (word === 'warning') return 'warn'
  if (word === 'err') return 'error'
  return levelNames.find((name) => name === word)
}

/** What a logger looks at on each call, changed in place when levels change. */
export interface LevelCell {
  /** The least that anybody wants: the log, or whoever listens to it. */
  rank: number
  /** The least that the log takes. */
  written: number
}

/** All of it, as one thread tells another. */
export interface LogLevelsState {
  readonly default: LogLevel
  readonly own: ReadonlyMap<string, LogLevel>
  /** The least that somebody who listens wants; `off` where nobody does. */
  readonly heard: LogLevel
}

/**
 * Which levels are written, for the whole program and for single modules (`core.expiration`). A module without a level of
 * its own takes that of the nearest one above it, then the default. Changes take effect at once.
 */
export class LogLevels {
  #configured: LogLevel
  #default: LogLevel
  #heard: LogLevel = 'off'
  readonly #own = new Map<string, LogLevel>()
  readonly #cells = new Map<string, LevelCell>()
  readonly #listeners = new Set<() => void>()

  constructor(level: LogLevel) {
    this.#configured = level
    this.#default = level
  }

  get default(): LogLevel {
    return this.#default
  }

  /** Sets the level of every module, also of those that had one of their own. */
  setAll(level: LogLevel): void {
    this.#default = level
    this.#own.clear()
    this.#refresh()
  }

  /** What the configuration says now: the level of every module, and what `resetAll` goes back to. */
  configure(level: LogLevel): void {
    this.#configured = level
    this.setAll(level)
  }

  resetAll(): void {
    this.setAll(this.#configured)
  }

  set(module: string, level: LogLevel): void {
    this.#own.set(module, level)
    this.#refresh()
  }

  /** Back to the level of the module above. */
  reset(module: string): void {
    this.#own.delete(module)
    this.#refresh()
  }

  levelOf(module: string): LogLevel {
    for (let name = module; name !== ''; name = name.slice(0, Math.max(name.lastIndexOf('.'), 0))) {
      const own = this.#own.get(name)
      if (own !== undefined) return own
    }
    return this.#default
  }

  /** The level in force of each module that has a logger, sorted by name. */
  all(): ReadonlyMap<string, LogLevel> {
    return new Map(this.modules().map((module) => [module, this.levelOf(module)]))
  }

  /** Modules that have a logger, sorted. */
  modules(): readonly string[] {
    return [...this.#cells.keys()].filter((name) => name !== '').toSorted()
  }

  cell(module: string): LevelCell {
    let cell = this.#cells.get(module)
    if (cell === undefined) {
      cell = { rank: 0, written: 0 }
      this.#set(cell, module)
      this.#cells.set(module, cell)
    }
    return cell
  }

  get state(): LogLevelsState {
    return { default: this.#default, own: new Map(this.#own), heard: this.#heard }
  }

  /** Takes over the levels of another thread. */
  adopt(state: LogLevelsState): void {
    this.#default = state.default
    this.#heard = state.heard
    this.#own.clear()
    for (const [module, level] of state.own) this.#own.set(module, level)
    this.#refresh()
  }

  get isHeard(): boolean {
    return this.#heard !== 'off'
  }

  /** Somebody listens to lines of this level and above, whatever the log takes; `off` where nobody does any more. */
  hear(level: LogLevel): void {
    if (level === this.#heard) return
    this.#heard = level
    this.#refresh()
  }

  /** Calls `listener` after each change. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener)
  }

  #refresh(): void {
    for (const listener of this.#listeners) listener()
    for (const [module, cell] of this.#cells) this.#set(cell, module)
  }

  #set(cell: LevelCell, module: string): void {
    cell.written = levelNames.indexOf(this.levelOf(module))
    cell.rank = Math.min(cell.written, levelNames.indexOf(this.#heard))
  }
}
