import { defineCommand } from '../../command.ts'
import { attempt, failure } from '../../failure.ts'
import { table } from '../../output/columns.ts'
import { printData } from '../../output/print.ts'
import { itemsOf, member, plainText, tree } from '../../tree.ts'
import type { JsonTree } from '../../tree.ts'

export const pluginTypes = ['auth', 'database', 'secret'] as const

export const command = defineCommand({
  usage: '[options] [TYPE]',
  help: `  Lists the engines and auth methods that the server knows. TYPE is auth, database or secret.

      $ coffer plugin list auth`,
  output: ['format', 'detailed'],
  async run(run) {
    run.expectArgs(0, 1, '0 or 1')
    const wanted = run.args[0]?.trim() ?? ''
    if (wanted !== '' && !pluginTypes.some((type) => type === wanted)) {
      throw failure(`Error parsing type: ${JSON.stringify(wanted)} is not one of ${pluginTypes.join(', ')}`)
    }
    const request = { method: 'GET', path: 'sys/plugins/catalog' } as const
    const answer = await attempt('Error listing available plugins', (await run.client()).send(request))
    if (answer?.data === undefined) throw failure('No response from server when listing plugins')
    const details = (itemsOf(answer.data.get('detailed')) ?? []).filter(
      (each) => wanted === '' || plainText(member(each, 'type')) === wanted,
    )
    if (!run.ui.isTable) {
      const types = pluginTypes.filter((type) => wanted === '' || type === wanted)
      return printData(
        run.ui,
        tree(
          new Map([
            ...types.map((type) => [type, answer.data?.get(type) ?? tree([])] as const),
            ['details', tree(details)] as const,
          ]),
        ),
      )
    }
    const names = run.ui.detailed
      ? ['name', 'type', 'version', 'deprecation_status']
      : wanted === ''
        ? ['name', 'type', 'version']
        : ['name', 'version']
    run.ui.print(
      table(
        names.map(title),
        details.map((each: JsonTree) => names.map((name) => plainText(member(each, name)))),
      ),
    )
    return 0
  },
})

function title(name: string): string {
  return name.replace(/(?:^|_)(\w)/g, (_, letter: string) => ` ${letter.toUpperCase()}`).trim()
}
