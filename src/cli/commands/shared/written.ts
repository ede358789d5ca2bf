/** What writing commands say when they are done. */
import type { Secret } from '../../client/secret.ts'
import { printSecret, printSecretField } from '../../output/print.ts'
import type { Ui } from '../../output/ui.ts'

/** Tells people that it worked; programs are told by the exit code. */
export function printSuccess(ui: Ui, text: string): number {
  if (ui.isTable) ui.print(`Success! ${text}`)
  return 0
}

/** What the server answered to a write, or `success` if it had nothing to say. */
export async function printWritten(ui: Ui, secret: Secret | undefined, success: string): Promise<number> {
  if (secret === undefined) return printSuccess(ui, success)
  return ui.field === '' ? printSecret(ui, secret) : printSecretField(ui, secret)
}
