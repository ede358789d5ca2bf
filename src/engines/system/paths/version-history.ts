import { definePath, f, listing, replySchema, type PathDefinition } from '#framework'
import type { SystemPorts } from '../../../request/system-ports.ts'

const historyReply = replySchema('The versions that ran on this storage.', {
  keys: f.list('The versions, the oldest first.'),
  key_info: f.map(
    'When each was installed (`timestamp_installed`), built (`build_date`), and after which (`previous_version`).',
  ),
})

export function versionHistoryPaths({ observe }: SystemPorts): readonly PathDefinition[] {
  return [
    definePath('version-history', {
      help: 'The versions that ran on this storage.',
      params: {},
      flags: { rootNamespaceOnly: true },
    }).list({
      summary: 'List the versions that ran on this storage.',
      replies: { 200: historyReply },
      run: async (c) => {
        const history = await observe.versionHistory(c.view)
        const rows = history.map(({ version, previousVersion, installedAt, buildDate }) => {
          const info = {
            build_date: buildDate,
            previous_version: previousVersion ?? null,
            timestamp_installed: installedAt,
          }
          return [version, info] as const
        })
        return listing(
          rows.map(([version]) => version),
          { key_info: new Map(rows) },
        )
      },
    }),
  ]
}
