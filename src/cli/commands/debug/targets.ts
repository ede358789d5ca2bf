/** What a capture can hold, and where of the server it comes from. */
import type { Query } from '../../client/address.ts'

export interface Poll {
  /** Below the capture's folder; of a profile below the folder of its round. */
  readonly file: string
  readonly path: string
  readonly query?: Query
}

export interface Target {
  readonly name: string
  /** As it is told of while it is done. */
  readonly says: string
  /** Replies that are JSON, kept one after another as one list a file. */
  readonly polls?: readonly Poll[]
  /** Once, at the beginning. */
  readonly isStatic?: true
  /** Every `-metrics-interval`, not every `-interval`. */
  readonly isMetrics?: true
  /** Files of their own for each round. */
  readonly profiles?: (seconds: number) => readonly Poll[]
  /** Lines for as long as the capture lasts. */
  readonly follows?: true
}

export const targets: readonly Target[] = [
  {
    name: 'config',
    says: 'capturing configuration state',
    isStatic: true,
    polls: [{ file: 'config.json', path: 'sys/config/state/sanitized' }],
  },
  {
    name: 'host',
    says: 'capturing host information',
    polls: [{ file: 'host_info.json', path: 'sys/host-info' }],
  },
  { name: 'log', says: 'capturing the log', follows: true },
  {
    name: 'metrics',
    says: 'capturing metrics',
    isMetrics: true,
    polls: [{ file: 'metrics.json', path: 'sys/metrics' }],
  },
  {
    name: 'pprof',
    says: 'capturing pprof data',
    profiles: (seconds) => [
      { file: 'goroutine.txt', path: 'sys/pprof/goroutine' },
      { file: 'threadcreate.txt', path: 'sys/pprof/threadcreate' },
      { file: 'block.txt', path: 'sys/pprof/block' },
      { file: 'heap.txt', path: 'sys/pprof/heap', query: [['debug', '1']] },
      { file: 'heap.heapprofile', path: 'sys/pprof/heap', query: [['seconds', '1']] },
      { file: 'profile.cpuprofile', path: 'sys/pprof/profile', query: [['seconds', String(seconds)]] },
    ],
  },
  {
    name: 'replication-status',
    says: 'capturing the state of the cluster',
    polls: [
      { file: 'replication_status.json', path: 'sys/ha-status' },
      { file: 'leader.json', path: 'sys/leader' },
    ],
  },
  {
    name: 'requests',
    says: 'capturing the requests in flight',
    polls: [{ file: 'requests.json', path: 'sys/in-flight-req' }],
  },
  {
    name: 'server-status',
    says: 'capturing server status',
    polls: [
      { file: 'server_status.json', path: 'sys/seal-status' },
      {
        file: 'health.json',
        path: 'sys/health',
        query: [
          ['sealedcode', '299'],
          ['uninitcode', '299'],
          ['standbycode', '299'],
        ],
      },
    ],
  },
]
