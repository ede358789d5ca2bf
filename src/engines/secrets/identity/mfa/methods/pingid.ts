import { f } from '#framework'
import { methodErrors } from '../errors.ts'
import type { PingIdSettings } from '../store.ts'
import { defineKind } from './kind.ts'

const trueOrFalse = f.bool()

export const pingIdKind = defineKind({
  type: 'pingid',
  help: 'A push to a telephone by PingID.',
  noun: 'ping-id',
  asksByName: true,
  fields: {
    settings_file_base64: f
      .string('The settings file that PingID gives out for third-party clients, in Base64.')
      .default('')
      .sensitive(),
  },
  replyFields: {
    use_signature: f.bool('As the settings file says.'),
    idp_url: f.string('As the settings file says.'),
    org_alias: f.string('As the settings file says.'),
    admin_url: f.string('As the settings file says.'),
    authenticator_url: f.string('As the settings file says.'),
    username_format: f.string('What the service calls somebody.'),
  },
  settings: ({ settings_file_base64: file }) => {
    if (file === '') throw methodErrors.NO_SETTINGS()
    return { pingid: readSettings(file) }
  },
  shown: ({ pingid, username_format }) => ({
    use_signature: pingid?.use_signature ?? false,
    idp_url: pingid?.idp_url ?? '',
    org_alias: pingid?.org_alias ?? '',
    admin_url: pingid?.admin_url ?? '',
    authenticator_url: pingid?.authenticator_url ?? '',
    username_format,
  }),
})

const TEXTS = ['use_base64_key', 'token', 'idp_url', 'org_alias', 'admin_url', 'authenticator_url'] as const
const NAMES: ReadonlySet<string> = new Set([...TEXTS, 'use_signature'])

/** Lines of `name=value`; `#` begins a remark. Values are never repeated in an error: one of them is the key. */
export function readSettings(base64: string): PingIdSettings {
  const refuse = (reason: string) => methodErrors.BAD_SETTINGS({ reason })
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || base64.length % 4 !== 0)
    throw refuse('settings_file_base64 takes Base64')
  const found = new Map<string, string>()
  for (const line of Buffer.from(base64, 'base64').toString().split(/\r?\n/)) {
    if (line.startsWith('#') || line.trim() === '') continue
    const at = line.indexOf('=')
    if (at === -1)
      throw refuse('pingid settings file contains a non-empty non-comment line that is not in key=value format')
    const name = line.slice(0, at)
    if (!NAMES.has(name)) throw refuse('unknown key in pingid settings file')
    found.set(name, line.slice(at + 1))
  }
  const signature = trueOrFalse.tryParse(found.get('use_signature') ?? 'false')
  if (signature === undefined) throw refuse('error parsing use_signature value in pingid settings file')
  const text = (name: (typeof TEXTS)[number]) => found.get(name) ?? ''
  if (text('use_base64_key') === '' || text('token') === '' || text('org_alias') === '')
    throw refuse('pingid settings file lacks use_base64_key, token or org_alias')
  if (URL.parse(text('idp_url'))?.protocol !== 'https:')
    throw refuse('idp_url in pingid settings file takes an address of scheme https')
  return {
    use_base64_key: text('use_base64_key'),
    use_signature: signature,
    token: text('token'),
    idp_url: text('idp_url'),
    org_alias: text('org_alias'),
    admin_url: text('admin_url'),
    authenticator_url: text('authenticator_url'),
  }
}
