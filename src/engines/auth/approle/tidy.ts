/** Removes secret ids that are over, and those of roles that are gone: piece by piece, so that no log-in waits for it. */
import type { Apart, WriteView } from '#framework'
import { removeSecretId } from './secret-ids.ts'
import { accessors, expiries, expiryAt, goneRoles, secretIds } from './store.ts'

interface TidyCall {
  readonly apart: Apart
  readonly clock: { now(): number }
  readonly signal?: AbortSignal
}

/** How many one transaction removes. */
const PIECE = 100

export async function tidySecretIds({ apart, clock, signal }: TidyCall): Promise<void> {
  const untilDone = async (piece: (view: WriteView) => Promise<number>) => {
    while (signal?.aborted !== true && (await apart.write(piece)) === PIECE);
  }
  await untilDone((view) => removeExpired(view, clock.now()))
  for (const uuid of await apart.read((view) => goneRoles.list(view))) {
    await untilDone((view) => removePiece(view, secretIds, uuid))
    await untilDone((view) => removePiece(view, accessors, uuid))
    // What is left in the order of their ends goes when its time comes.
    if (signal?.aborted !== true) await apart.write((view) => goneRoles.delete(view, { uuid }))
  }
}

async function removeExpired(view: WriteView, now: number): Promise<number> {
  const places = (await expiries.list(view, '', { limit: PIECE })).filter((place) => expiryAt(place).at <= now)
  for (const place of places) {
    const { role, hmac } = expiryAt(place)
    const entry = await secretIds.get(view, { role, hmac })
    if (entry !== undefined) removeSecretId(view, role, { hmac, entry })
    expiries.delete(view, { place })
  }
  return places.length
}

async function removePiece(view: WriteView, from: typeof secretIds | typeof accessors, role: string): Promise<number> {
  const hmacs = await from.list(view, `${role}/`, { limit: PIECE })
  for (const hmac of hmacs) from.delete(view, { role, hmac })
  return hmacs.length
}
