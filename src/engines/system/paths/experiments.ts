import { definePath, f, ok, replySchema, type PathDefinition } from '#framework'
import { rawJson, rawSchema } from '../raw.ts'

const experimentsReply = replySchema('Experiments of this server: there are none.', {
  available: f.list('What can be turned on.'),
  enabled: f.list('What is on.'),
})
const flagsReply = rawSchema('Feature flags for a user interface: there are none.', {
  feature_flags: f.list('What is on.'),
})

/** Nothing here is half-finished behind a flag: what is there is there for everybody. */
export function experimentPaths(): readonly PathDefinition[] {
  return [
    definePath('experiments', {
      help: 'Experiments of this server.',
      params: {},
      flags: { rootNamespaceOnly: true },
    }).read({
      summary: 'List the experiments.',
      replies: { 200: experimentsReply },
      run: () => ok(experimentsReply, { available: [], enabled: [] }),
    }),
    definePath('internal/ui/feature-flags', {
      help: 'Feature flags for a user interface.',
      params: {},
      flags: { unauthenticated: true, rootNamespaceOnly: true, neverWrapped: true },
    }).read({
      summary: 'List the feature flags.',
      replies: { 200: flagsReply },
      run: () => rawJson({ feature_flags: [] }),
    }),
  ]
}
