import { defineCommand } from '../../command.ts'
import { attempt, failure } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { printData, printField } from '../../output/print.ts'
import { tree } from '../../tree.ts'
import { pluginTypes } from './list.ts'

const members = ['args', 'builtin', 'command', 'name', 'sha256', 'deprecation_status', 'version']

export const command = defineCommand({
  usage: '[options] TYPE NAME',
  help: `  Tells about one engine or auth method. TYPE is auth, database or secret.

      $ coffer plugin info secret kv`,
  output: ['field', 'format'],
  flags: { version: flag.string({ usage: 'Version of the plugin.' }) },
  async run(run) {
    run.expectArgs(2, 2)
    const type = run.arg(0).trim()
    const name = run.arg(1).trim()
    if (!pluginTypes.some((each) => each === type)) {
      throw failure(`${JSON.stringify(type)} is not one of ${pluginTypes.join(', ')}`)
    }
    const query = run.flags.version === '' ? [] : ([['version', run.flags.version]] as const)
    const request = { method: 'GET', path: `sys/plugins/catalog/${type}/${name}`, query } as const
    const answer = await attempt(`Error reading plugin named ${name}`, (await run.client()).send(request))
    const found = answer?.data
    if (found === undefined) throw failure(`No value found for plugin ${JSON.stringify(name)}`)
    if (run.ui.field !== '') return printField(run.ui, found.get(run.ui.field))
    return printData(run.ui, tree(new Map(members.map((member) => [member, found.get(member) ?? tree('')]))))
  },
})
