/** The reference page of the configuration, from the schemas themselves. */
import type { Schema } from './field.ts'
import { metricsSchema, tcpSchema, unixSchema } from './schema/listener.ts'
import { requestSchema } from './schema/initialize.ts'
import { serverSchema } from './schema/server.ts'
import { sealSchemas } from './schema/seals.ts'
import { auditSchema, lockoutSchema } from './schema/stanzas.ts'
import { storageSchemas } from './schema/storages.ts'
import { telemetrySchema } from './schema/telemetry.ts'

const sections: readonly (readonly [title: string, text: string, schema: Schema])[] = [
  ['Outside of stanzas', '', serverSchema],
  ['`listener "tcp" { … }`', 'One for each address.', tcpSchema],
  ['`listener "unix" { … }`', 'One for each socket.', unixSchema],
  ['`telemetry { … }` in a listener', '', metricsSchema],
  ['`storage "lmdb" { … }`', 'Or `backend`. `storage "file"` is the same.', storageSchemas.lmdb],
  ['`storage "inmem" {}`', 'Everything is gone when the process ends.', storageSchemas.inmem],
  [
    '`storage "postgresql" { … }`',
    'PostgreSQL 14 or later, or what speaks its protocol and keeps its promises: CockroachDB, YugabyteDB.',
    storageSchemas.postgresql,
  ],
  ['`storage "etcd" { … }`', 'etcd 3.4 or later. An entry is at most 1 MiB.', storageSchemas.etcd],
  ['`seal "shamir" {}`', 'The default: operators unseal the server.', sealSchemas.shamir],
  [
    '`seal "static" { … }`',
    'The server unseals by itself, with a key that stands beside its configuration.',
    sealSchemas.static,
  ],
  ['`seal "transit" { … }`', 'With a key of the transit engine of another server.', sealSchemas.transit],
  ['`seal "awskms" { … }`', 'With a key of AWS KMS. Needs the package `@aws-sdk/client-kms`.', sealSchemas.awskms],
  [
    '`seal "azurekeyvault" { … }`',
    'With an RSA key of Azure Key Vault. Needs the packages `@azure/keyvault-keys` and `@azure/identity`.',
    sealSchemas.azurekeyvault,
  ],
  [
    '`seal "gcpckms" { … }`',
    'With a key of Google Cloud KMS. Needs the package `@google-cloud/kms`.',
    sealSchemas.gcpckms,
  ],
  [
    '`seal "pkcs11" { … }`',
    'With a key of a hardware security module. Needs the package `graphene-pk11`.',
    sealSchemas.pkcs11,
  ],
  ['`audit "type" "path" { … }`', 'Devices that are there from the start.', auditSchema],
  ['`user_lockout "all" { … }`', 'Or `"userpass"`, `"ldap"`, `"approle"`.', lockoutSchema],
  [
    '`request "name" { … }` in `initialize "name" { … }`',
    'Carried out in order when the server starts for the first time, as [as-code.md](../as-code.md) tells. Needs a seal that opens by itself.',
    requestSchema,
  ],
  ['`telemetry { … }`', '', telemetrySchema],
]

const intro = `# Configuration of the server

\`coffer server -config=PATH\`, where the path is a file or a folder; the flag may be given several times. Files are HCL or JSON. Of a key in two
files the later counts; of booleans, either; of lease lifetimes, the greater. Stanzas add up. Unknown keys, keys given twice and values that don't fit are
all reported, with their places, before anything starts.

Any string may stand elsewhere: \`env://NAME\` in the environment, \`file:///path\` in a file.
`

/** Markdown. */
export function configReference(): string {
  return [
    intro,
    ...sections.map(
      ([title, text, schema]) => `${[`## ${title}`, text, table(schema)].filter((part) => part !== '').join('\n\n')}\n`,
    ),
  ].join('\n')
}

function table(schema: Schema): string {
  const entries = Object.entries(schema)
  const active = entries.filter(([, field]) => field.status === 'active')
  const rows = active.map(
    ([key, field]) =>
      `| \`${key}\` | ${cell(field.takes)} | ${field.defaultText === '' ? '' : `\`${field.defaultText}\``} | ${cell(field.help)} |`,
  )
  const inert = (['ignored', 'refused'] as const).flatMap((status) => {
    const keys = entries
      .filter(([, field]) => field.status === status)
      .map(([key, field]) => `- \`${key}\`: ${cell(field.help)}`)
    return keys.length === 0 ? [] : [`\n${status === 'ignored' ? 'Accepted without effect' : 'Refused'}:\n`, ...keys]
  })
  const head = rows.length === 0 ? [] : ['| Key | Takes | Default | |', '|---|---|---|---|']
  return [...head, ...rows, ...inert].join('\n')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
