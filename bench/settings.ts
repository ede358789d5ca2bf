/** What the environment asks of the bench. */
import { availableParallelism } from 'node:os'
import { scenarios, type Scenario } from './load.ts'
import { storageKinds, type StorageKind } from './storages.ts'

export interface BenchSettings {
  readonly seconds: number
  readonly rounds: number
  readonly connections: readonly number[]
  readonly tls: readonly boolean[]
  /** `serving_threads` of one Coffer each; undefined leaves it to the server. */
  readonly threads: readonly (number | undefined)[]
  readonly storage: StorageKind
  readonly scenarios: readonly Scenario[]
  readonly reference: string | undefined
}

/** Throws a sentence for what cannot be. */
export function benchSettings(env: NodeJS.ProcessEnv, usual: { readonly seconds: number }): BenchSettings {
  const only = env['BENCH_ONLY']?.split(',')
  const storage = env['BENCH_STORAGE'] ?? 'lmdb'
  const kind = storageKinds.find((one) => one === storage)
  if (kind === undefined) throw new Error(`BENCH_STORAGE is one of ${storageKinds.join(', ')}`)
  return {
    seconds: Number(env['BENCH_SECONDS'] ?? usual.seconds),
    rounds: Number(env['BENCH_ROUNDS'] ?? 1),
    connections: (env['BENCH_CONNECTIONS'] ?? '1,32,256').split(',').map(Number),
    tls: (env['BENCH_TLS'] ?? 'off,on').split(',').map((mode) => mode === 'on'),
    threads: threadsOf(env['BENCH_THREADS']),
    storage: kind,
    scenarios: scenarios.filter(({ name }) => only === undefined || only.includes(name)),
    reference: env['REFERENCE_BIN'],
  }
}

/** `n` is one thread for each processor. Twice the same is once. */
function threadsOf(text: string | undefined): readonly (number | undefined)[] {
  if (text === undefined) return [undefined]
  return [...new Set(text.split(',').map((count) => (count === 'n' ? availableParallelism() : Number(count))))]
}
