/** A thread that takes tokens of one bucket as fast as it can, `attempts` times, and tells how many it got. */
import { parentPort, workerData } from 'node:worker_threads'
import { Buckets, type Limit } from '../../src/quotas/buckets.ts'

export interface TakerData {
  readonly buffer: SharedArrayBuffer
  /** A word that all takers wait for, so that they begin together. */
  readonly gate: SharedArrayBuffer
  readonly clients: readonly string[]
  readonly attempts: number
  readonly limit: Limit
}

const { buffer, gate, clients, attempts, limit }: TakerData = workerData
const buckets = new Buckets(buffer)
const key = buckets.keyOf('limit')
parentPort?.postMessage('ready')
Atomics.wait(new Int32Array(gate), 0, 0)
let taken = 0
for (let i = 0; i < attempts; i++)
  if (buckets.take(key, clients[i % clients.length] ?? '', limit, 1000).allowed) taken++
parentPort?.postMessage(taken)
