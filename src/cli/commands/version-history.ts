import { listedKeys } from '../client/secret.ts'
import { defineCommand } from '../command.ts'
import { attempt, failure } from '../failure.ts'
import { table } from '../output/columns.ts'
import { printSecret } from '../output/print.ts'
import { entriesOf, member, plainText } from '../tree.ts'

export const command = defineCommand({
  usage: '',
  help: `  Prints which versions the server has run, and since when.

      $ coffer version-history`,
  output: ['format'],
  async run(run) {
    const secret = await attempt('Error reading version history', (await run.client()).list('sys/version-history'))
    if (secret?.data === undefined) throw failure('The server tells of no version history')
    if (!run.ui.isTable) return printSecret(run.ui, secret)
    const info = entriesOf(secret.data.get('key_info')) ?? new Map()
    const rows = (listedKeys(secret) ?? []).map(plainText).map((version) => {
      const built =
        plainText(member(info.get(version), 'build_date')) || plainText(member(info.get(version), 'commit_date'))
      return [version, plainText(member(info.get(version), 'timestamp_installed')), built]
    })
    run.ui.print(table(['Version', 'Installation Time', 'Build Date'], rows, 2))
    return 0
  },
})
