/** Takes away log-ins that waited too long, codes that count no more, and keys whose entity or method is gone. */
import type { BackgroundCall, ReadView } from '#framework'
import { entities } from '../store.ts'
import { stepUpIds } from './step-up/store.ts'
import { methods, totpSecrets, totpTries, waitingLogins } from './store.ts'

export async function sweep({ apart, clock, signal }: BackgroundCall): Promise<void> {
  const isOver = (until: number) => until <= clock.now()
  for (const hash of await apart.read((view) => waitingLogins.list(view))) {
    if (signal.aborted) return
    await apart.write(async (view) => {
      const waiting = await waitingLogins.get(view, { hash })
      if (waiting !== undefined && isOver(waiting.until)) waitingLogins.delete(view, { hash })
    })
  }
  for (const key of await apart.read((view) => keysBelow(view, totpTries))) {
    if (signal.aborted) return
    const { used, until } = (await apart.read((view) => totpTries.get(view, key))) ?? { used: [], until: 0 }
    if (!isOver(until) || used.some((one) => !isOver(one.until))) continue
    await apart.write(async (view) => {
      const tries = await totpTries.get(view, key)
      if (tries !== undefined && isOver(tries.until) && tries.used.every((one) => isOver(one.until)))
        totpTries.delete(view, key)
    })
  }
  for (const key of await apart.read((view) => keysBelow(view, totpSecrets))) {
    if (signal.aborted) return
    if (await apart.read((view) => isHeld(view, key))) continue
    await apart.write(async (view) => {
      if (!(await isHeld(view, key))) totpSecrets.delete(view, key)
    })
  }
}

interface Key {
  readonly entity: string
  readonly method: string
}

async function isHeld(view: ReadView, { entity, method }: Key): Promise<boolean> {
  return (
    (await entities.has(view, { id: entity })) &&
    ((await methods.has(view, { id: method })) || (await stepUpIds.has(view, { id: method })))
  )
}

async function keysBelow(view: ReadView, of: { scan(view: ReadView): Promise<string[]> }): Promise<Key[]> {
  return (await of.scan(view)).map((path) => {
    const [entity = '', method = ''] = path.split('/')
    return { entity, method }
  })
}
