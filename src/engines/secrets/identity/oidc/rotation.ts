/** What the leader does without being asked: rotates keys that are due, and clears away what has expired. */
import type { BackgroundCall } from '#framework'
import { generatePair } from './algorithms.ts'
import { fitting } from './material.ts'
import { isDue, pruned, rotated } from './named-key.ts'
import type { OidcPorts } from './ports.ts'
import { codes, keys, leaderAddress, signingPairs } from './store.ts'

/** Periods are a minute at least. */
export const EVERY_SECONDS = 15

/** One key after the other: where one cannot be rotated, the others have been. */
export async function rotateAndTidy(b: BackgroundCall, { apiAddress }: Pick<OidcPorts, 'apiAddress'>): Promise<void> {
  const { apart, clock, signal } = b
  if (((await apart.read((view) => leaderAddress.get(view))) ?? '') !== apiAddress)
    await apart.write((view) => leaderAddress.put(view, apiAddress))
  for (const name of await apart.read((view) => keys.list(view))) {
    if (signal.aborted) return
    const key = await apart.read((view) => keys.get(view, name))
    if (key === undefined) continue
    if (isDue(key, clock.now())) await rotate(b, name)
    else if (pruned(key, clock.now()) !== undefined) await prune(b, name)
  }
  await forgetCodes(b)
}

async function rotate({ apart, clock, log }: BackgroundCall, name: string): Promise<void> {
  const found = await apart.read((view) => keys.get(view, name))
  // Made before the transaction: it takes long, and nothing waits for it.
  const fresh = found && (await generatePair(found.algorithm))
  await apart.write(async (view) => {
    const key = await keys.get(view, name)
    const pairs = await signingPairs.get(view, { name })
    if (key === undefined || pairs === undefined || !isDue(key, clock.now())) return
    const result = rotated(key, pairs, await fitting(fresh, key), clock.now())
    keys.put(view, name, result.key)
    signingPairs.put(view, { name }, result.pairs)
  })
  log.info('rotated a key of identity tokens', { key: name })
}

async function prune({ apart, clock }: BackgroundCall, name: string): Promise<void> {
  await apart.write(async (view) => {
    const key = await keys.get(view, name)
    const rest = key && pruned(key, clock.now())
    if (rest !== undefined) keys.put(view, name, rest)
  })
}

async function forgetCodes({ apart, clock, signal }: BackgroundCall): Promise<void> {
  for (const hash of await apart.read((view) => codes.hashes(view))) {
    if (signal.aborted) return
    const code = await apart.read((view) => codes.byHash(view, hash))
    if (code === undefined || code.expiresAt > clock.now()) continue
    await apart.write((view) => codes.deleteHash(view, hash))
  }
}
