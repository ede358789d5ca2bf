/** How long a server takes to unseal, and what it has in memory then. */
import { memoryOf, type Memory } from './memory.ts'
import type { TestServer } from './server.ts'

export interface Unsealing {
  /** From the share that is the last to an answer that needs the vault, ms. */
  readonly milliseconds: number
  readonly memory: Memory
}

/** Requests after which the memory is looked at: what a server makes at its first ones is the same for every vault. */
const REQUESTS = 200

/** Starts the server, which does not run, and unseals it. */
export async function unsealMeasured(server: TestServer): Promise<Unsealing> {
  await server.restart()
  const began = performance.now()
  await server.unseal()
  while ((await server.call('GET', 'auth/token/lookup-self')).status !== 200)
    if (performance.now() - began > 60_000) throw new Error(`it does not unseal:\n${server.output}`)
  const milliseconds = performance.now() - began
  for (let i = 0; i < REQUESTS; i++) await server.call('GET', 'auth/token/lookup-self')
  return { milliseconds, memory: memoryOf(server.child.pid ?? 0) }
}
