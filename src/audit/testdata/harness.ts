/** Real devices on real files, over a store in memory. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FakeClock, type Clock } from '../../lib/clock.ts'
import { createLogger, LogLevels, Metrics } from '../../lib/observe/index.ts'
import { uuid } from '../../lib/secure/random.ts'
import { MemoryDriver } from '../../storage/drivers/memory.ts'
import { plainCodec } from '../../storage/plain-codec.ts'
import { Store } from '../../storage/store.ts'
import { createAuditBroker, type AuditBroker } from '../broker.ts'
import type { DeviceEnvironment } from '../device.ts'
import { AuditedHeaders } from '../headers.ts'
import { AuditTable, type AuditTableOptions } from '../table.ts'

export class Harness<C extends Clock = FakeClock> implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'audit-'))
  readonly store = new Store(new MemoryDriver(), plainCodec)
  readonly clock: C
  readonly metrics: Metrics
  readonly headers = new AuditedHeaders()
  readonly log: string[] = []
  readonly broker: AuditBroker
  readonly environment: DeviceEnvironment
  readonly table: AuditTable

  static standing(options: Partial<AuditTableOptions> = {}): Harness {
    return new Harness(options, new FakeClock())
  }

  constructor(options: Partial<AuditTableOptions>, clock: C) {
    this.clock = clock
    this.metrics = new Metrics(clock)
    const log = createLogger({
      levels: new LogLevels('trace'),
      format: 'json',
      sinks: [{ write: (line) => void this.log.push(line) }],
      clock: this.clock,
    })
    this.broker = createAuditBroker({ clock: this.clock, log, metrics: this.metrics })
    const { metrics, headers } = this
    this.environment = { clock, metrics, headers, log, builtinVersion: 'v1.0.0+builtin.coffer', timeout: 2000 }
    this.table = this.tableWith(options)
  }

  tableWith(options: Partial<AuditTableOptions>): AuditTable {
    const { broker, environment } = this
    return new AuditTable({
      broker,
      environment,
      forbiddenFolders: [],
      allowApiCreation: true,
      allowPrefix: true,
      uuid,
      ...options,
    })
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  /** Enables a file device and puts it in force. */
  async enable(path: string, options: Readonly<Record<string, string>>, type = 'file'): Promise<void> {
    const init = { path, type, description: '', local: false, options: new Map(Object.entries(options)) }
    await this.store.write((view) => this.table.enable(view, init))
    await this.load()
  }

  async disable(path: string): Promise<void> {
    await this.store.write((view) => this.table.disable(view, path))
    await this.load()
  }

  load(): Promise<void> {
    return this.store.read((view) => this.table.load(view))
  }

  lines(name: string): string[] {
    return readFileSync(this.path(name), 'utf8').split('\n').slice(0, -1)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.table.unload()
    rmSync(this.folder, { recursive: true })
  }
}
