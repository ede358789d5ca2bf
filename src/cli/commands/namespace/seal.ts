import { defineCommand } from '../../command.ts'
import { attempt } from '../../failure.ts'
import { sanitizePath } from '../../paths.ts'

export const command = defineCommand({
  usage: '[options] PATH',
  help: `  Seals a namespace that has a seal of its own, and all below it: the server forgets its keys and answers nothing of it until it
  is unsealed again. The namespace is directly below the one of -namespace or VAULT_NAMESPACE.

      $ coffer namespace seal team-a`,
  async run(run) {
    run.expectArgs(1)
    const name = sanitizePath(run.arg(0))
    await attempt('Error sealing', (await run.client()).write(`sys/namespaces/${name}/seal`, {}))
    run.ui.print(`Success! Namespace "${name}" is sealed.`)
    return 0
  },
})
