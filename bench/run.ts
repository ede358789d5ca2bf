/**
 * Coffer beside a reference server (`REFERENCE_BIN`: an OpenBao or Vault binary), in one run on one machine, on like
 * configurations: durable storage, file audit on. Prints figures and ratios; judges nothing.
 *
 *   npm run bench                       Coffer alone
 *   REFERENCE_BIN=/path/to/bao npm run bench
 *   npm run bench -- nodes              three nodes on one storage; beside three of the reference, which copy theirs (raft)
 *   npm run bench -- quotas             requests and tokens without quotas and with them
 *   npm run bench -- scale              a million secrets, a million leases
 *   npm run bench -- soak               ten minutes of everything at once: does it grow, does it err?
 *
 * The environment chooses what is measured, and how long:
 *
 *   BENCH_SECONDS=5         of each figure
 *   BENCH_ROUNDS=1          how often, turn by turn (A B A B); the table has medians
 *   BENCH_CONNECTIONS=1,32,256
 *   BENCH_TLS=off,on
 *   BENCH_ONLY=kv-read      some of the scenarios: kv-read, kv-write, mixed, lookup-self, token-create,
 *                           userpass-login, approle-login
 *   BENCH_THREADS=0,1,n     a Coffer with each of these `serving_threads`; n is the number of processors
 *   BENCH_STORAGE=lmdb      or postgresql (the reference, too), or etcd (Coffer alone: the reference has it no more)
 *   BENCH_COUNT=1000000     `scale`: of secrets and of leases
 *   BENCH_MINUTES=10        `soak`
 */
import { compare } from './compare.ts'
import { nodes } from './nodes.ts'
import { quotas } from './quotas.ts'
import { scale } from './scale.ts'
import { soak } from './soak.ts'

const modes: Readonly<Record<string, (env: NodeJS.ProcessEnv) => Promise<void>>> = {
  compare,
  nodes,
  quotas,
  scale,
  soak,
}
const asked = process.argv[2] ?? 'compare'
const mode = modes[asked]
if (mode === undefined) {
  console.error(`bench: takes one of ${Object.keys(modes).join(', ')}`)
  process.exit(2)
}
await mode(process.env)
