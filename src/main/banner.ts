/** What a server says on the terminal when it starts. */
import type { HardeningFinding } from '../core/hardening.ts'
import { version } from '../core/version.ts'
import type { DevKeys } from './dev-setup.ts'
import type { Settings } from './settings.ts'

export function banner(
  settings: Settings,
  addresses: readonly string[],
  findings: readonly HardeningFinding[],
): string {
  const listeners = settings.listeners.map((listener, i): [string, string] => [
    `Listener ${i + 1}`,
    `${listener.type} (addr: "${addresses[i] ?? listener.address}", tls: "${listener.tls === undefined ? 'disabled' : 'enabled'}")`,
  ])
  const open = findings.filter((finding) => finding.status !== 'ok').length
  const rows: [string, string][] = [
    ['Api Address', settings.apiAddress],
    ['Audit Devices', settings.auditDevices.map((device) => device.path).join(', ') || 'none declared'],
    [
      'Hardening',
      open === 0
        ? 'all checks hold'
        : `${open} of ${findings.length} checks do not hold: see the log, or coffer operator diagnose`,
    ],
    ...listeners,
    ['Log Level', settings.log.level],
    ['Storage', settings.storage.type === 'lmdb' ? `lmdb (${settings.storage.path})` : settings.storage.type],
    ['Version', `Coffer v${version}, Node.js ${process.versions.node}`],
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  const lines = rows.map(([name, value]) => `${name.padStart(width + 8)}: ${value}`)
  return `==> Coffer server configuration:\n\n${lines.join('\n')}\n\n==> Coffer server started! Log data will stream in below:\n\n`
}

export function devNotice(keys: DevKeys, settings: Settings, keysFile: string | undefined): string {
  const secrets = keys.fresh
    ? `Unseal Key: ${keys.unsealKey}\nRoot Token: ${keys.rootToken}\n${keysFile === undefined ? '' : `\nThey are kept in ${keysFile}, and not shown again.\n`}`
    : `The unseal key and the root token are in ${keysFile ?? 'nowhere'}.\n`
  return `WARNING! This is a development server: it opens itself, listens without TLS, and its
keys lie beside its data. Never use it for real secrets.

${secrets}
You may need to set the following environment variables:

    $ export VAULT_ADDR='${settings.apiAddress}'
    $ export VAULT_TOKEN='${keys.fresh ? keys.rootToken : `$(jq -r .root_token ${keysFile ?? ''})`}'

`
}
