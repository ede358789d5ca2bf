/** Clients by month, as `sys/internal/counters` tells of them. Views are those of the whole storage. */
import type { JsonOut } from '../lib/json/index.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import type { Namespace } from './request.ts'

export interface ActivityConfig {
  readonly enabled: 'default' | 'enable' | 'disable'
  /** Months that are kept besides the one that runs. */
  readonly retentionMonths: number
  readonly defaultReportMonths: number
}

export interface ActivityConfigStatus extends ActivityConfig {
  readonly isOn: boolean
  /** There is something to report. */
  readonly hasData: boolean
}

/** Wall clock, ms; both are of a month that counts as a whole. */
export interface Period {
  readonly start: number
  readonly end: number
}

export interface ActivityPort {
  config(view: ReadView): Promise<ActivityConfigStatus>
  setConfig(view: WriteView, config: ActivityConfig): Promise<void>
  /** Of a namespace and those below it. Undefined where there was no client. */
  report(
    namespace: Namespace,
    period: Period,
    limitNamespaces: number,
  ): Promise<ReadonlyMap<string, JsonOut> | undefined>
  /** The month that runs; undefined where clients are not counted. */
  currentMonth(namespace: Namespace): Promise<ReadonlyMap<string, JsonOut> | undefined>
  /** Every client of a period once, in lines. Undefined where there was none. */
  exported(namespace: Namespace, period: Period, format: 'json' | 'csv'): Promise<AsyncIterable<Uint8Array> | undefined>
  entities(view: ReadView, namespace: Namespace): Promise<number>
  tokens(view: ReadView, namespace: Namespace): Promise<number>
}
