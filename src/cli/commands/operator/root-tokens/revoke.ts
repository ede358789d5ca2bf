import { defineCommand } from '../../../command.ts'
import { attempt } from '../../../failure.ts'
import { flag } from '../../../flags/flag.ts'
import { printData } from '../../../output/print.ts'
import { member, plainText } from '../../../tree.ts'

export const command = defineCommand({
  usage: '[options]',
  help: `  Revokes every root token, the one that this command uses included, and all tokens that were made with them.

      $ coffer operator root-tokens revoke
      $ coffer operator root-tokens revoke -orphan`,
  output: ['format'],
  flags: {
    orphan: flag.bool({ usage: 'Let the tokens that were made with them live on.' }),
  },
  async run(run) {
    run.expectArgs(0)
    const client = await run.client()
    const answer = await attempt(
      'Error revoking root tokens',
      client.json({ method: 'DELETE', path: 'sys/root-tokens', query: [['orphan', String(run.flags.orphan)]] }),
    )
    const data = member(answer, 'data') ?? answer
    if (!run.ui.isTable) return printData(run.ui, data, true)
    run.ui.print(`Success! Revoked root tokens: ${plainText(member(data, 'revoked'))}`)
    return 0
  },
})
