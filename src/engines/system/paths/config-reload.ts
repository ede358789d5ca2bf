import { definePath, done, none, type PathDefinition } from '#framework'
import { requestErrors } from '../../../errors/request.ts'
import type { ReloadPort } from '../../../request/inspect-ports.ts'

export function configReloadPaths({ reloads }: { readonly reloads: ReloadPort }): readonly PathDefinition[] {
  return [
    definePath('config/reload/{subsystem}', {
      help: 'Take a part of the configuration anew, on the node that is asked.',
      description:
        '`certificates` reads those of the listeners again, `audit` opens the files of audit devices again, `log` opens the log file ' +
        'again, `config` reads the configuration files again for what can change while the server runs. SIGHUP does all four.',
      params: { subsystem: '`certificates`, `audit`, `log` or `config`.' },
      flags: { sudo: true, rootNamespaceOnly: true, place: 'node' },
    }).compute({
      summary: 'Take a part of the configuration anew.',
      replies: { 204: none },
      run: async (c) => {
        if (!(await reloads.reload(c.params.subsystem))) throw requestErrors.UNSUPPORTED_PATH()
        return done()
      },
    }),
  ]
}
