import { definePath, f, okData, replySchema, type PathDefinition } from '#framework'
import type { SystemPorts } from '../../../request/system-ports.ts'

const hostReply = replySchema('The machine the server runs on.', {
  timestamp: f.time('When it was looked at.'),
  cpu: f.array(f.map(), 'Its processors.').optional(),
  cpu_times: f.array(f.map(), 'What they spent their time on.').optional(),
  disk: f.array(f.map(), 'Its disks.').optional(),
  host: f.map('Its name and system.').optional(),
  memory: f.map('Its memory.').optional(),
})

export function hostInfoPaths({ observe }: SystemPorts): readonly PathDefinition[] {
  return [
    definePath('host-info', {
      help: 'The machine the server runs on.',
      params: {},
      flags: { place: 'node', rootNamespaceOnly: true },
    }).read({
      summary: 'Tell of the machine the server runs on.',
      replies: { 200: hostReply },
      run: async () => okData(await observe.hostInfo()),
    }),
  ]
}
