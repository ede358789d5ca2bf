import { definePath, f, okData, replySchema, type PathDefinition } from '#framework'
import type { SystemPorts } from '../../../request/system-ports.ts'

const configReply = replySchema(
  'The configuration without its secrets, by the names of its settings.',
  {},
  { members: f.json('The setting.') },
)

export function configStatePaths({ observe }: SystemPorts): readonly PathDefinition[] {
  return [
    definePath('config/state/sanitized', {
      help: 'The configuration in force.',
      params: {},
      flags: { place: 'node', rootNamespaceOnly: true },
    }).read({
      summary: 'Read the configuration in force, without its secrets.',
      replies: { 200: configReply },
      run: () => okData(observe.sanitizedConfig()),
    }),
  ]
}
