/** Requests that a control group holds: kept in place of being carried out, and later carried out on what others have authorized. */
import type { Reply } from '../../request/reply.ts'
import type { WriteView } from '../../storage/view.ts'
import type { Exchange } from '../exchange.ts'
import type { PipelineDeps } from '../deps.ts'

export async function hold(x: Exchange, deps: PipelineDeps): Promise<Reply> {
  const { request, operation, caller, verdict } = x
  const { mount } = x.route
  if (caller === undefined || verdict?.hold === undefined) throw new Error('nothing says why the request is held')
  const asked = { request, operation, mount, caller, hold: verdict.hold, mfaMethods: x.factorsMet }
  const wrapInfo = await deps.store().write(async (view) => {
    await deps.assertHeld(view, mount)
    return deps.holds().hold(view, asked)
  })
  return { status: 200, wrapInfo, unwrapped: true }
}

/** Uses the approval up, where there is one: as the policies stand now, and as the identities stand in the view. */
export async function spendApproval(x: Exchange, view: WriteView): Promise<void> {
  await x.approval?.spend(view, x.verdict?.hold?.factors ?? [])
}
