/** Flags and requests that secrets engines and auth methods have in common. */
import { formatDuration } from '../../../lib/duration.ts'
import { flag } from '../../flags/flag.ts'
import type { Values } from '../../flags/flag.ts'
import type { TreeSource } from '../../tree.ts'

const options = flag.map({ usage: 'Option of the mount, as key=value. May be given several times.' })
const version = flag.int({ usage: 'Version of the engine to run. Not all have several.' })

/** For `enable` and for `tune`. */
export const configFlags = {
  'allowed-managed-keys': flag.list({ usage: 'Managed key that the mount may use. May be given several times.' }),
  'allowed-response-headers': flag.list({
    usage: 'Response header that the mount may set. May be given several times.',
  }),
  'audit-non-hmac-request-keys': flag.list({
    usage: 'Key of requests that audit devices record in clear. May be given several times.',
  }),
  'audit-non-hmac-response-keys': flag.list({
    usage: 'Key of responses that audit devices record in clear. May be given several times.',
  }),
  'default-lease-ttl': flag.duration({
    usage: "How long its leases last if nothing else is asked for. The server's own setting if not given.",
  }),
  description: flag.string({ usage: 'What the mount is for, for people.' }),
  'delegated-auth-accessors': flag.list({
    usage: 'Accessor of an auth method that the mount may ask. May be given several times.',
  }),
  'identity-token-key': flag.string({ usage: 'Key that signs the identity tokens of plugins.' }),
  'listing-visibility': flag.string({ usage: 'Whether the UI lists the mount before login: "unauth" or "hidden".' }),
  'max-lease-ttl': flag.duration({
    usage: "How long its leases may last at all. The server's own setting if not given.",
  }),
  options,
  'passthrough-request-headers': flag.list({
    usage: 'Request header that the mount gets to see. May be given several times.',
  }),
  'plugin-version': flag.string({ usage: 'Semantic version of the plugin.' }),
  version,
}

export const enableFlags = {
  ...configFlags,
  'external-entropy-access': flag.bool({ usage: 'Let the mount use an external source of entropy.' }),
  local: flag.bool({ usage: 'The mount belongs to this cluster alone and is not replicated.' }),
  path: flag.string({ usage: 'Path of the mount. Its type if not given.' }),
  'plugin-name': flag.string({ usage: 'Name of the plugin, where the type is "plugin".' }),
  'seal-wrap': flag.bool({ usage: "Wrap the mount's critical values with the seal as well." }),
}

export const authOnlyFlags = {
  'token-type': flag.string({ usage: 'Type that all tokens of this method have, such as "service" or "batch".' }),
}

type ConfigValues = Values<typeof configFlags>

/** What was given by flags that have no neutral value, under the API's names. */
export function givenConfig(values: ConfigValues, given: ReadonlySet<string>): Record<string, TreeSource | undefined> {
  const names = [
    'allowed-managed-keys',
    'allowed-response-headers',
    'audit-non-hmac-request-keys',
    'audit-non-hmac-response-keys',
    'delegated-auth-accessors',
    'identity-token-key',
    'listing-visibility',
    'passthrough-request-headers',
    'plugin-version',
  ] as const
  return Object.fromEntries(
    names.filter((name) => given.has(name)).map((name) => [name.replaceAll('-', '_'), values[name]]),
  )
}

/** Options, with `-version` among them. undefined for none. */
export function mountOptions(values: ConfigValues): ReadonlyMap<string, string> | undefined {
  const all = new Map(values.options)
  if (values.version > 0) all.set('version', String(values.version))
  return all.size === 0 ? undefined : all
}

/** A lease TTL of `tune`: `system` where the server's own setting shall hold again, empty to leave it. */
export function tunedTtl(seconds: number): string {
  if (seconds === 0) return ''
  return seconds < 0 ? 'system' : formatDuration(seconds)
}

export function enableRequest(
  type: string,
  values: Values<typeof enableFlags>,
  config: Record<string, TreeSource | undefined>,
): TreeSource {
  return {
    type,
    description: values.description,
    config: {
      default_lease_ttl: formatDuration(values['default-lease-ttl']),
      max_lease_ttl: formatDuration(values['max-lease-ttl']),
      ...config,
    },
    local: values.local,
    seal_wrap: values['seal-wrap'],
    external_entropy_access: values['external-entropy-access'],
    options: mountOptions(values) ?? null,
  }
}

export function tuneRequest(values: ConfigValues, config: Record<string, TreeSource | undefined>): TreeSource {
  return {
    default_lease_ttl: tunedTtl(values['default-lease-ttl']),
    max_lease_ttl: tunedTtl(values['max-lease-ttl']),
    options: mountOptions(values),
    ...config,
  }
}
