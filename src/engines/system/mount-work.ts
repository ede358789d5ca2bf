/** What `sys/mounts` and `sys/auth` have in common: enabling and tuning. */
import { f, type CallContext, type Infer } from '#framework'
import { mountErrors } from '../../errors/mounts.ts'
import type { Mount } from '../../request/mount.ts'
import type { LeaseLimits } from '../../request/ports.ts'
import type { Namespace } from '../../request/request.ts'
import type { MountsPort } from '../../request/system-ports.ts'
import type { WriteView } from '../../storage/view.ts'
import { systemErrors } from './errors.ts'
import { assertPluginVersion, assertWithinSystem, configFields, tuningFields, tuningOf } from './tuning.ts'

export const enableFields = {
  type: f.string('Type of the engine, such as "kv".').default(''),
  description: f.string('What the mount is for.').default(''),
  config: f.object(configFields, 'How it is tuned.').optional(),
  options: f.pairs('Options of the engine, such as `version` for "kv".').orElse(() => new Map()),
  local: f.bool('Do not replicate it.').default(false),
  seal_wrap: f.bool('Wrap its entries by the seal.').default(false),
  external_entropy_access: f.bool('It may draw on a source of randomness outside.').default(false),
  plugin_name: f.string('Type of the engine where `type` is "plugin".').default(''),
  plugin_version: f.string('Version of the plugin; the built-in one is all there is.').optional(),
}

export const tuneFields = {
  ...tuningFields,
  description: f.string('What the mount is for.').optional(),
  options: f.pairs('Options of the engine: those given are set, and taken away where the value is empty.').optional(),
}

/** A mount's path with its trailing slash. One that changes the mount is named without it, as access rules name it. */
export function mountPath(path: string): string {
  if (path.endsWith('/')) throw systemErrors.TRAILING_SLASH()
  return `${path}/`
}

interface Where {
  readonly namespace: Namespace
  readonly path: string
  /** The TTLs of the system. */
  readonly system: LeaseLimits
}

export function whereOf({ request, limits }: Pick<CallContext, 'request' | 'limits'>): Omit<Where, 'path'> {
  return { namespace: request.namespace, system: limits }
}

/** `kind` and `path` are the mount's own. */
export async function enable(
  mounts: MountsPort,
  view: WriteView,
  where: Where & { readonly kind: 'secret' | 'auth' },
  given: Infer<typeof enableFields>,
): Promise<void> {
  const { kind, path, system, namespace } = where
  const type = typeOf(given, kind)
  const tuning = given.config === undefined ? {} : tuningOf(given.config, { kind, type })
  assertWithinSystem(tuning, system)
  const mount = await mounts.enable(view, namespace, {
    kind,
    path,
    type,
    description: given.description,
    options: given.options,
    local: given.local,
    sealWrap: given.seal_wrap,
    externalEntropyAccess: given.external_entropy_access,
    tuning: given.plugin_version === undefined ? tuning : { ...tuning, pluginVersion: given.plugin_version },
  })
  assertPluginVersion(mount.tuning.pluginVersion, mounts.versionOf(mount))
}

/** No engine but "kv" has versions to choose from. */
function typeOf({ type, plugin_name: plugin, options }: Infer<typeof enableFields>, kind: 'secret' | 'auth'): string {
  const asked = type === 'plugin' && plugin !== '' ? plugin : type
  if (asked === '') throw systemErrors.NO_TYPE()
  const versioned = kind === 'secret' && /^kv(-v[12])?$/.test(asked)
  if (!versioned && (options.get('version') ?? '') !== '') {
    throw systemErrors.NO_VERSION_OPTION({ what: kind === 'auth' ? 'this auth method' : 'this secrets engine' })
  }
  return asked
}

/** The server's own mounts keep what they were made with. */
const UNTUNABLE = new Set(['system', 'cubbyhole', 'identity'])

export async function tune(
  mounts: MountsPort,
  view: WriteView,
  where: Where & { warn(sentence: string): void },
  given: Infer<typeof tuneFields>,
): Promise<void> {
  const { path, system, namespace } = where
  const mount = mounts.at(namespace, path)
  if (mount === undefined) throw systemErrors.TUNE_NOTHING({ path })
  if (UNTUNABLE.has(mount.type)) throw mountErrors.PROTECTED({ verb: 'tune', path })
  assertPluginVersion(given.plugin_version, mounts.versionOf(mount))
  const tuning = tuningOf(given, mount, mount.tuning)
  assertWithinSystem({ ...mount.tuning, ...tuning }, system)
  const options = given.options === undefined ? undefined : nextOptions(mount, given.options, where.warn)
  await mounts.tune(view, namespace, path, {
    tuning,
    ...(options === undefined ? {} : { options }),
    ...(given.description === undefined ? {} : { description: given.description }),
  })
}

function nextOptions(
  mount: Mount,
  asked: ReadonlyMap<string, string>,
  warn: (sentence: string) => void,
): ReadonlyMap<string, string> {
  const options = new Map(mount.options)
  for (const [name, value] of asked) {
    if (value === '') options.delete(name)
    else options.set(name, value)
  }
  const [from, to] = [mount.options.get('version') ?? '1', options.get('version') ?? '1']
  if (mount.type !== 'kv' || from === to) return options
  if (Number(to) < Number(from)) throw systemErrors.DOWNGRADE({ version: from })
  warn(
    `Upgrading mount from version ${from} to version ${to}. This mount will be unavailable for a brief period and will resume service shortly.`,
  )
  return options
}
