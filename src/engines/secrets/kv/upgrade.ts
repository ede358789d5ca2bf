/** From version 1 to version 2: each secret becomes the first version of itself, all of them in one transaction. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { LifecycleCall } from '#framework'
import { entries } from './v1/store.ts'
import { defaultSettings } from './v2/domain.ts'
import { writeSecret } from './v2/secret.ts'
import { settings } from './v2/store.ts'

/** Secrets converted between two turns of the event loop. */
const SECRETS_PER_TURN = 128

export async function upgrade({ view, clock }: LifecycleCall): Promise<void> {
  settings.put(view, defaultSettings)
  for (const [i, path] of (await entries.scan(view)).entries()) {
    if (i % SECRETS_PER_TURN === SECRETS_PER_TURN - 1) await nextTurn()
    const entry = await entries.get(view, { path })
    if (entry === undefined) continue
    await writeSecret(view, path, entry.data, undefined, clock.now())
    entries.delete(view, { path })
  }
}
