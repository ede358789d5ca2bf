/** Takes away the lists of tried codes of which none counts any more. */
import type { BackgroundCall } from '#framework'
import { triedCodes } from './store.ts'

export async function sweep({ apart, clock, signal }: BackgroundCall): Promise<void> {
  for (const name of await apart.read((view) => triedCodes.names(view))) {
    if (signal.aborted) return
    const isOver = (codes: readonly { readonly until: number }[]) => codes.every(({ until }) => until <= clock.now())
    if (!isOver(await apart.read((view) => triedCodes.get(view, { name })))) continue
    await apart.write(async (view) => {
      if (isOver(await triedCodes.get(view, { name }))) triedCodes.delete(view, { name })
    })
  }
}
