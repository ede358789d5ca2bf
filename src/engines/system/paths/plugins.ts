import { absent, definePath, done, f, listing, none, ok, okData, replySchema, type PathDefinition } from '#framework'
import { inspectErrors } from '../../../errors/inspect.ts'
import { pluginTypes, type CatalogPort, type PluginType } from '../../../request/inspect-ports.ts'

const SUPPORTED = 'supported'

const catalogReply = replySchema('Every plugin: all of them are built in.', {
  auth: f.list('Auth methods.'),
  database: f.list('Kinds of databases.'),
  secret: f.list('Secrets engines.'),
  detailed: f.array(f.map(), 'Each with its type and version.'),
})
const keysReply = replySchema('The plugins of a type.', { keys: f.list('Their names.') })
const pluginReply = replySchema('A plugin.', {
  args: f.list('Of a plugin in another process; null.').orNull(),
  builtin: f.bool('It is built in.'),
  command: f.string('Of a plugin in another process; empty.'),
  deprecation_status: f.string('`supported`.'),
  name: f.string('Its name.'),
  oci_image: f.string('Of a plugin in a container; empty.'),
  runtime: f.string('Of a plugin in a container; empty.'),
  sha256: f.string('Of a plugin in another process; empty.'),
  version: f.string('Its version, `v0.1.0+builtin.coffer`.'),
})
const deprecatedReply = replySchema('Nothing: the type is missing from the path.', {})

const outside = {
  command: f.string('What would start it.').default(''),
  sha256: f.string('Of its program.').default(''),
  args: f.strings('Arguments of that.').default([]),
  env: f.strings('Its environment.').default([]),
  oci_image: f.string('Image of a container with it.').default(''),
  runtime: f.string('What would run the container.').default(''),
  version: f.string('Its version.').default(''),
}

export function pluginPaths({ catalog }: { readonly catalog: CatalogPort }): readonly PathDefinition[] {
  const flags = { sudo: true, rootNamespaceOnly: true }
  const wanted = { version: f.string('Only of this version.').default('') }
  const name = 'Name of the plugin.'
  return [
    definePath('plugins/catalog', {
      help: 'The plugins: all engines and kinds of databases are built in.',
      params: {},
      flags: { rootNamespaceOnly: true },
    }).read({
      summary: 'List the plugins of all types.',
      replies: { 200: catalogReply },
      run: () => {
        const namesOf = (type: PluginType) => catalog.names(type)
        const detailed = pluginTypes.flatMap((type) => namesOf(type).map((one) => detailOf(type, one, catalog.version)))
        return okData({
          auth: namesOf('auth'),
          database: namesOf('database'),
          secret: namesOf('secret'),
          detailed,
        })
      },
    }),
    definePath('plugins/catalog/{type}', {
      help: 'The plugins of a type.',
      description:
        'Written, read and deleted it is the name of a plugin without its type, as it was before there were types.',
      params: { type: '`auth`, `database` or `secret`.' },
      flags,
    })
      .list({
        summary: 'List the plugins of a type.',
        replies: { 200: keysReply },
        run: (c) => listing(catalog.names(typeOf(c.params.type))),
      })
      .read({
        summary: 'Nothing any more: a plugin is read with its type.',
        replies: { 200: deprecatedReply },
        run: (c) => {
          const { type } = c.params
          c.warn(`Deprecated API endpoint, cannot read plugin information from catalog for "${type}"`)
          return { status: 200 }
        },
      })
      .compute({
        summary: 'Refused: no plugin is run in another process.',
        fields: outside,
        replies: {},
        run: (c) => refuse(c.in),
      })
      .deleteApart({
        summary: 'Remove a plugin that is not built in; there is none.',
        replies: { 204: none },
        run: () => done(),
      }),
    definePath('plugins/catalog/{type}/{name}', {
      help: 'A plugin.',
      params: { type: '`auth`, `database` or `secret`.', name },
      flags,
    })
      .read({
        summary: 'Tell of a plugin.',
        fields: wanted,
        replies: { 200: pluginReply },
        run: (c) => {
          const type = typeOf(c.params.type)
          const { version } = catalog
          const isThere = catalog.names(type).includes(c.params.name)
          if (!isThere || (c.in.version !== '' && c.in.version !== version)) absent()
          return ok(pluginReply, {
            args: null,
            builtin: true,
            command: '',
            deprecation_status: SUPPORTED,
            name: c.params.name,
            oci_image: '',
            runtime: '',
            sha256: '',
            version,
          })
        },
      })
      .compute({
        summary: 'Refused: no plugin is run in another process.',
        fields: outside,
        replies: {},
        run: (c) => {
          typeOf(c.params.type)
          return refuse(c.in)
        },
      })
      .deleteApart({
        summary: 'Remove a plugin that is not built in; there is none.',
        fields: wanted,
        replies: { 204: none },
        run: (c) => {
          typeOf(c.params.type)
          return done()
        },
      }),
  ]
}

function typeOf(text: string): PluginType {
  const type = pluginTypes.find((one) => one === text)
  if (type === undefined) throw inspectErrors.PLUGIN_TYPE({ type: text })
  return type
}

function detailOf(type: PluginType, name: string, version: string) {
  return { builtin: true, deprecation_status: SUPPORTED, name, type, version }
}

/** What is missing is said first, as Vault does, which looks for the folder of plugins last. */
function refuse({ command, sha256, oci_image: image }: { command: string; sha256: string; oci_image: string }): never {
  if (command === '' && image === '') throw inspectErrors.NO_PLUGIN_COMMAND()
  if (sha256 === '') throw inspectErrors.NO_PLUGIN_HASH()
  if (!/^(?:[0-9a-f]{2})+$/i.test(sha256)) throw inspectErrors.PLUGIN_HASH()
  throw inspectErrors.NO_PLUGINS()
}
