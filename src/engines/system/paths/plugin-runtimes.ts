import { absent, definePath, done, f, none, ok, replySchema, type PathDefinition } from '#framework'
import { inspectErrors } from '../../../errors/inspect.ts'

const runtimesReply = replySchema('Runtimes for plugins in containers: there are none.', {
  runtimes: f.array(f.map(), 'None.'),
})

/** Nothing runs in a container, so that there is nothing to list, and nothing that could be added. */
export function pluginRuntimePaths(): readonly PathDefinition[] {
  const flags = { sudo: true, rootNamespaceOnly: true }
  return [
    definePath('plugins/runtimes/catalog', { help: 'Runtimes for plugins in containers.', params: {}, flags }).list({
      summary: 'List the runtimes for plugins in containers.',
      fields: { type: f.string('Only of this type.').default('') },
      replies: { 200: runtimesReply },
      run: () => ok(runtimesReply, { runtimes: [] }),
    }),
    definePath('plugins/runtimes/catalog/{type}/{name}', {
      help: 'A runtime for plugins in containers.',
      params: { type: '`container`.', name: 'Its name.' },
      flags,
    })
      .read({ summary: 'Read a runtime.', replies: {}, run: () => absent() })
      .compute({
        summary: 'Refused: nothing runs in a container.',
        fields: {
          oci_runtime: f.string('What would run it.').default(''),
          cgroup_parent: f.string('Its group of processes.').default(''),
          cpu_nanos: f.int('What it may use of processors.').default(0),
          memory_bytes: f.int('What it may use of memory.').default(0),
          rootless: f.bool('It is run by an ordinary user.').default(false),
        },
        replies: {},
        run: () => {
          throw inspectErrors.NO_RUNTIMES()
        },
      })
      .deleteApart({ summary: 'Remove a runtime; there is none.', replies: { 204: none }, run: () => done() }),
  ]
}
