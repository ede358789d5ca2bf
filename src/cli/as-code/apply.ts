/** Does what a plan says, one change after another; stops at the first that fails. */
import { reasonOf } from '../failure.ts'
import type { Ui } from '../output/ui.ts'
import { tree, type JsonTree } from '../tree.ts'
import type { Change } from './plan.ts'
import { changeTree, printTitle, titleOf } from './print.ts'
import type { World } from './world.ts'

export interface Outcome {
  readonly done: readonly Change[]
  readonly failed: { readonly change: Change; readonly reason: string } | undefined
  readonly left: readonly Change[]
}

export async function applyChanges(changes: readonly Change[], world: World, ui: Ui): Promise<Outcome> {
  for (const [index, change] of changes.entries()) {
    try {
      await change.run()
    } catch (error) {
      const failed = { change, reason: reasonOf(error) }
      return { done: changes.slice(0, index), failed, left: changes.slice(index + 1) }
    }
    if (ui.isTable)
      printTitle(ui, change, `[${String(index + 1).padStart(String(changes.length).length)}/${changes.length}] `)
    for (const warning of world.warnings.splice(0)) ui.warn(`  ${titleOf(change)}: ${warning}`)
  }
  return { done: changes, failed: undefined, left: [] }
}

/** How it ended, for people. */
export function printOutcome({ done, failed, left }: Outcome, ui: Ui): void {
  if (failed === undefined) return ui.print(`\nApplied: ${done.length} ${done.length === 1 ? 'change' : 'changes'}.`)
  ui.error(`\nStopped at ${titleOf(failed.change)}: ${failed.reason}`)
  const all = done.length + 1 + left.length
  ui.error(
    `\n${done.length} of ${all} changes were made. Once the cause is mended, "coffer apply" goes on from there. Not made:`,
  )
  for (const change of [failed.change, ...left]) ui.error(`  ${titleOf(change)}`)
}

export function outcomeTree({ done, failed, left }: Outcome): JsonTree {
  return tree({
    applied: done.map(changeTree),
    failed: failed === undefined ? null : { change: changeTree(failed.change), error: failed.reason },
    not_applied: left.map(changeTree),
  })
}
