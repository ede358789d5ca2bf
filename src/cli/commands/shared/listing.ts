/** What all commands do with the reply of a LIST. */
import type { Secret } from '../../client/secret.ts'
import { isWrapped, listedKeys } from '../../client/secret.ts'
import { printData, printList, printSecret } from '../../output/print.ts'
import type { Ui } from '../../output/ui.ts'
import { tree } from '../../tree.ts'

const nothing = 2

export async function printListing(ui: Ui, secret: Secret | undefined, path: string): Promise<number> {
  if (secret !== undefined && isWrapped(secret)) return printSecret(ui, secret)
  const keys = listedKeys(secret)
  if (!ui.isTable && keys === undefined) {
    await printData(ui, tree({}))
    return nothing
  }
  if (secret === undefined) return absent(ui, `No value found at ${path}`)
  // No data, then warnings: they say why.
  if (secret.data === undefined) return printSecret(ui, secret)
  return keys === undefined ? absent(ui, `No entries found at ${path}`) : printList(ui, secret)
}

function absent(ui: Ui, text: string): number {
  ui.error(text)
  return nothing
}
