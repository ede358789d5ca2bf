/** Every command, once. A command's own module is loaded when it runs. */
import type { Command } from './command.ts'
import type { DelegatedCommands } from './io.ts'

export interface TableRow {
  readonly name: string
  readonly synopsis: string
  readonly load: (() => Promise<{ readonly command: Command }>) | keyof DelegatedCommands
}

export interface GroupRow {
  readonly name: string
  readonly synopsis: string
  /** Paragraphs for `-h`, each line indented by two spaces. */
  readonly help: string
}

export const commandTable: readonly TableRow[] = [
  { name: 'apply', synopsis: 'Make the server be as files declare it', load: () => import('./commands/apply.ts') },
  { name: 'audit disable', synopsis: 'Disables an audit device', load: () => import('./commands/audit/disable.ts') },
  { name: 'audit enable', synopsis: 'Enables an audit device', load: () => import('./commands/audit/enable.ts') },
  { name: 'audit list', synopsis: 'Lists enabled audit devices', load: () => import('./commands/audit/list.ts') },
  {
    name: 'audit verify',
    synopsis: 'Verifies the hash chain of an audit log',
    load: () => import('./commands/audit/verify.ts'),
  },
  { name: 'auth disable', synopsis: 'Disables an auth method', load: () => import('./commands/auth/disable.ts') },
  { name: 'auth enable', synopsis: 'Enables a new auth method', load: () => import('./commands/auth/enable.ts') },
  { name: 'auth help', synopsis: 'Prints usage for an auth method', load: () => import('./commands/auth/help.ts') },
  { name: 'auth list', synopsis: 'Lists enabled auth methods', load: () => import('./commands/auth/list.ts') },
  { name: 'auth move', synopsis: 'Moves an auth method to a new path', load: () => import('./commands/auth/move.ts') },
  {
    name: 'auth tune',
    synopsis: "Tunes an auth method's configuration",
    load: () => import('./commands/auth/tune.ts'),
  },
  {
    name: 'debug',
    synopsis: 'Collects what helps to find out what a server does',
    load: () => import('./commands/debug/debug.ts'),
  },
  { name: 'delete', synopsis: 'Delete secrets and configuration', load: () => import('./commands/delete.ts') },
  {
    name: 'events subscribe',
    synopsis: 'Subscribes to events',
    load: () => import('./commands/events/subscribe.ts'),
  },
  { name: 'export', synopsis: 'Write the configuration as declarations', load: () => import('./commands/export.ts') },
  { name: 'kv delete', synopsis: 'Deletes versions in the KV store', load: () => import('./commands/kv/delete.ts') },
  {
    name: 'kv destroy',
    synopsis: 'Permanently removes versions in the KV store',
    load: () => import('./commands/kv/destroy.ts'),
  },
  {
    name: 'kv enable-versioning',
    synopsis: 'Turns on versioning for a KV store',
    load: () => import('./commands/kv/enable-versioning.ts'),
  },
  { name: 'kv get', synopsis: 'Retrieves data from the KV store', load: () => import('./commands/kv/get.ts') },
  { name: 'kv list', synopsis: 'Lists keys of the KV store', load: () => import('./commands/kv/list.ts') },
  {
    name: 'kv metadata delete',
    synopsis: "Deletes all of a key's versions and metadata",
    load: () => import('./commands/kv/metadata-delete.ts'),
  },
  {
    name: 'kv metadata get',
    synopsis: 'Retrieves the metadata of a key',
    load: () => import('./commands/kv/metadata-get.ts'),
  },
  { name: 'kv metadata list', synopsis: 'Lists keys of the KV store', load: () => import('./commands/kv/list.ts') },
  {
    name: 'kv metadata patch',
    synopsis: 'Patches the settings of a key',
    load: () => import('./commands/kv/metadata-patch.ts'),
  },
  {
    name: 'kv metadata put',
    synopsis: 'Sets or updates the settings of a key',
    load: () => import('./commands/kv/metadata-put.ts'),
  },
  {
    name: 'kv patch',
    synopsis: 'Changes some of the data without overwriting the rest',
    load: () => import('./commands/kv/patch.ts'),
  },
  { name: 'kv put', synopsis: 'Sets or updates data in the KV store', load: () => import('./commands/kv/put.ts') },
  {
    name: 'kv rollback',
    synopsis: 'Rolls back to a previous version of data',
    load: () => import('./commands/kv/rollback.ts'),
  },
  {
    name: 'kv undelete',
    synopsis: 'Undeletes versions in the KV store',
    load: () => import('./commands/kv/undelete.ts'),
  },
  {
    name: 'lease lookup',
    synopsis: 'Looks up the lease of a secret',
    load: () => import('./commands/lease/lookup.ts'),
  },
  { name: 'lease renew', synopsis: 'Renews the lease of a secret', load: () => import('./commands/lease/renew.ts') },
  { name: 'lease revoke', synopsis: 'Revokes leases and secrets', load: () => import('./commands/lease/revoke.ts') },
  { name: 'list', synopsis: 'List data or secrets', load: () => import('./commands/list.ts') },
  { name: 'login', synopsis: 'Authenticate locally', load: () => import('./commands/login/login.ts') },
  {
    name: 'monitor',
    synopsis: 'Shows the log of a server while it is written',
    load: () => import('./commands/monitor.ts'),
  },
  {
    name: 'namespace create',
    synopsis: 'Create a new namespace',
    load: () => import('./commands/namespace/create.ts'),
  },
  {
    name: 'namespace delete',
    synopsis: 'Delete an existing namespace',
    load: () => import('./commands/namespace/delete.ts'),
  },
  {
    name: 'namespace delete-sealed',
    synopsis: 'Delete a sealed namespace',
    load: () => import('./commands/namespace/delete-sealed.ts'),
  },
  { name: 'namespace list', synopsis: 'List child namespaces', load: () => import('./commands/namespace/list.ts') },
  {
    name: 'namespace lock',
    synopsis: 'Lock the API for particular namespaces',
    load: () => import('./commands/namespace/lock.ts'),
  },
  {
    name: 'namespace lookup',
    synopsis: 'Look up an existing namespace',
    load: () => import('./commands/namespace/lookup.ts'),
  },
  {
    name: 'namespace patch',
    synopsis: 'Patch an existing namespace',
    load: () => import('./commands/namespace/patch.ts'),
  },
  { name: 'namespace seal', synopsis: 'Seals the namespace', load: () => import('./commands/namespace/seal.ts') },
  {
    name: 'namespace seal-status',
    synopsis: 'Prints the namespace seal status',
    load: () => import('./commands/namespace/seal-status.ts'),
  },
  {
    name: 'namespace unlock',
    synopsis: 'Unlock the API for particular namespaces',
    load: () => import('./commands/namespace/unlock.ts'),
  },
  { name: 'namespace unseal', synopsis: 'Unseals the namespace', load: () => import('./commands/namespace/unseal.ts') },
  { name: 'operator diagnose', synopsis: 'Troubleshoots problems starting Coffer', load: 'diagnose' },
  {
    name: 'operator generate-root',
    synopsis: 'Generates a new root token',
    load: () => import('./commands/operator/generate-root.ts'),
  },
  { name: 'operator init', synopsis: 'Initializes a server', load: () => import('./commands/operator/init.ts') },
  {
    name: 'operator key-status',
    synopsis: 'Tells about the active encryption key',
    load: () => import('./commands/operator/key-status.ts'),
  },
  {
    name: 'operator members',
    synopsis: 'Lists the nodes of the cluster',
    load: () => import('./commands/operator/members.ts'),
  },
  { name: 'operator migrate', synopsis: 'Moves data from one storage to another', load: 'migrate' },
  {
    name: 'operator raft snapshot inspect',
    synopsis: 'Tells what a snapshot file holds',
    load: () => import('./commands/operator/raft/snapshot-inspect.ts'),
  },
  {
    name: 'operator raft snapshot restore',
    synopsis: 'Puts a snapshot in place of all that is stored',
    load: () => import('./commands/operator/raft/snapshot-restore.ts'),
  },
  {
    name: 'operator raft snapshot save',
    synopsis: 'Saves a snapshot of all that is stored into a file',
    load: () => import('./commands/operator/raft/snapshot-save.ts'),
  },
  {
    name: 'operator rekey',
    synopsis: 'Generates new unseal keys',
    load: () => import('./commands/operator/rekey.ts'),
  },
  {
    name: 'operator root-tokens list',
    synopsis: 'Lists the root tokens that live',
    load: () => import('./commands/operator/root-tokens/list.ts'),
  },
  {
    name: 'operator root-tokens revoke',
    synopsis: 'Revokes every root token',
    load: () => import('./commands/operator/root-tokens/revoke.ts'),
  },
  {
    name: 'operator rotate',
    synopsis: 'Rotates the underlying encryption key',
    load: () => import('./commands/operator/rotate.ts'),
  },
  {
    name: 'operator rotate-keys',
    synopsis: 'Generates new unseal keys, always with a token',
    load: () => import('./commands/operator/rotate-keys.ts'),
  },
  { name: 'operator seal', synopsis: 'Seals the server', load: () => import('./commands/operator/seal.ts') },
  {
    name: 'operator snapshot drill',
    synopsis: 'Proves that a snapshot can be restored',
    load: () => import('./commands/operator/snapshot-drill.ts'),
  },
  {
    name: 'operator step-down',
    synopsis: 'Makes the active node give up its duty',
    load: () => import('./commands/operator/step-down.ts'),
  },
  { name: 'operator unseal', synopsis: 'Unseals the server', load: () => import('./commands/operator/unseal.ts') },
  {
    name: 'operator usage',
    synopsis: 'Tells how many clients there were',
    load: () => import('./commands/operator/usage.ts'),
  },
  { name: 'patch', synopsis: 'Patch data, configuration, and secrets', load: () => import('./commands/patch.ts') },
  { name: 'path-help', synopsis: 'Retrieve API help for paths', load: () => import('./commands/path-help.ts') },
  {
    name: 'plan',
    synopsis: 'Tell in what the server differs from what files declare',
    load: () => import('./commands/plan.ts'),
  },
  {
    name: 'plugin info',
    synopsis: 'Reads information about a plugin in the catalog',
    load: () => import('./commands/plugin/info.ts'),
  },
  { name: 'plugin list', synopsis: 'Lists available plugins', load: () => import('./commands/plugin/list.ts') },
  { name: 'plugin reload', synopsis: 'Reloads mounted engines', load: () => import('./commands/plugin/reload.ts') },
  { name: 'policy delete', synopsis: 'Deletes a policy by name', load: () => import('./commands/policy/delete.ts') },
  {
    name: 'policy explain',
    synopsis: 'Tells why a request would be allowed or denied',
    load: () => import('./commands/policy/explain.ts'),
  },
  { name: 'policy fmt', synopsis: 'Formats a policy on disk', load: () => import('./commands/policy/fmt.ts') },
  { name: 'policy list', synopsis: 'Lists the installed policies', load: () => import('./commands/policy/list.ts') },
  { name: 'policy read', synopsis: 'Prints the contents of a policy', load: () => import('./commands/policy/read.ts') },
  {
    name: 'policy write',
    synopsis: 'Uploads a named policy from a file',
    load: () => import('./commands/policy/write.ts'),
  },
  {
    name: 'print token',
    synopsis: 'Prints the token currently in use',
    load: () => import('./commands/print-token.ts'),
  },
  { name: 'read', synopsis: 'Read data and retrieve secrets', load: () => import('./commands/read.ts') },
  {
    name: 'secrets disable',
    synopsis: 'Disables a secrets engine',
    load: () => import('./commands/secrets/disable.ts'),
  },
  { name: 'secrets enable', synopsis: 'Enables a secrets engine', load: () => import('./commands/secrets/enable.ts') },
  { name: 'secrets list', synopsis: 'Lists enabled secrets engines', load: () => import('./commands/secrets/list.ts') },
  {
    name: 'secrets move',
    synopsis: 'Moves a secrets engine to a new path',
    load: () => import('./commands/secrets/move.ts'),
  },
  {
    name: 'secrets tune',
    synopsis: "Tunes a secrets engine's configuration",
    load: () => import('./commands/secrets/tune.ts'),
  },
  { name: 'server', synopsis: 'Start a Coffer server', load: 'server' },
  { name: 'status', synopsis: 'Print seal and HA status', load: () => import('./commands/status.ts') },
  {
    name: 'token capabilities',
    synopsis: "Prints a token's capabilities on a path",
    load: () => import('./commands/token/capabilities.ts'),
  },
  { name: 'token create', synopsis: 'Creates a new token', load: () => import('./commands/token/create.ts') },
  {
    name: 'token lookup',
    synopsis: 'Displays information about a token',
    load: () => import('./commands/token/lookup.ts'),
  },
  { name: 'token renew', synopsis: 'Renews the lease of a token', load: () => import('./commands/token/renew.ts') },
  {
    name: 'token revoke',
    synopsis: 'Revokes a token and its children',
    load: () => import('./commands/token/revoke.ts'),
  },
  {
    name: 'transit import',
    synopsis: 'Import a key into the transit secrets engine',
    load: () => import('./commands/transit/import.ts'),
  },
  {
    name: 'transit import-version',
    synopsis: 'Import a version of a key into the transit secrets engine',
    load: () => import('./commands/transit/import-version.ts'),
  },
  { name: 'unwrap', synopsis: 'Unwrap a wrapped secret', load: () => import('./commands/unwrap.ts') },
  { name: 'version', synopsis: 'Prints the version of Coffer', load: () => import('./commands/version.ts') },
  {
    name: 'version-history',
    synopsis: 'Prints the version history of the server',
    load: () => import('./commands/version-history.ts'),
  },
  { name: 'write', synopsis: 'Write data, configuration, and secrets', load: () => import('./commands/write.ts') },
]

export const groups: readonly GroupRow[] = [
  {
    name: 'audit',
    synopsis: 'Interact with audit devices',
    help: `  Audit devices keep a record of every request and response. Secrets in it are hashed.

      $ coffer audit enable file file_path=/var/log/coffer/audit.log
      $ coffer audit list -detailed
      $ coffer audit verify /var/log/coffer/audit.log
      $ coffer audit disable file`,
  },
  {
    name: 'auth',
    synopsis: 'Interact with auth methods',
    help: `  Auth methods turn what users and machines can show (a password, a certificate) into a token. To get a token from one,
  use "coffer login"; these commands manage the methods themselves.

      $ coffer auth list
      $ coffer auth enable userpass
      $ coffer auth help userpass`,
  },
  {
    name: 'events',
    synopsis: 'Interact with events',
    help: `  What engines do is told to whoever subscribes to it: that a secret was written, and where, but not what is in it.

      $ coffer events subscribe 'kv*'
      $ coffer events subscribe -filter='data_path == secret/data/app' kv-v2/data-write`,
  },
  {
    name: 'kv',
    synopsis: "Interact with Coffer's key-value storage",
    help: `  Keys with values, in versions if the engine is of version 2.

      $ coffer kv put -mount=secret foo bar=baz
      $ coffer kv get -mount=secret foo
      $ coffer kv get -mount=secret -version=1 foo
      $ coffer kv metadata get -mount=secret foo

  The mount may also stand in front of the key, as in "coffer kv get secret/foo". Note that the API's path of a secret in an
  engine of version 2 is another one, secret/data/foo; policies must name that.`,
  },
  {
    name: 'kv metadata',
    synopsis: 'Interact with the metadata of keys',
    help: `  How many versions a key keeps and for how long, whether writes must check and set, and labels of your own.

      $ coffer kv metadata put -mount=secret -max-versions=5 -custom-metadata=owner=web foo
      $ coffer kv metadata get -mount=secret foo
      $ coffer kv metadata delete -mount=secret foo`,
  },
  {
    name: 'lease',
    synopsis: 'Interact with leases',
    help: `  A lease says how long a dynamic secret lives.

      $ coffer lease renew database/creds/readonly/2f6a614c
      $ coffer lease revoke database/creds/readonly/2f6a614c`,
  },
  {
    name: 'namespace',
    synopsis: 'Interact with namespaces',
    help: `  Namespaces are servers within the server: each has its own mounts, policies, tokens and identities.

      $ coffer namespace create team-a
      $ coffer namespace list
      $ coffer secrets enable -namespace=team-a -path=apps kv-v2
      $ coffer namespace delete team-a`,
  },
  {
    name: 'operator',
    synopsis: 'Perform operator-specific tasks',
    help: `  For those who run the server, rather than those who use it.

      $ coffer operator init
      $ coffer operator unseal
      $ coffer operator rotate`,
  },
  {
    name: 'operator raft',
    synopsis: 'Interact with the storage as a whole',
    help: `  Named as Vault names it; it works whatever the storage is.

      $ coffer operator raft snapshot save backup.snap`,
  },
  {
    name: 'operator raft snapshot',
    synopsis: 'Saves and restores snapshots',
    help: `  A snapshot is all that is stored, as it was at one moment. Values in it are encrypted; it takes the unseal keys to use it.

      $ coffer operator raft snapshot save backup.snap
      $ coffer operator raft snapshot inspect backup.snap
      $ coffer operator raft snapshot restore backup.snap`,
  },
  {
    name: 'operator root-tokens',
    synopsis: 'Interact with root tokens',
    help: `  A root token may do everything. It is made for a task, and best revoked after it.

      $ coffer operator root-tokens list
      $ coffer operator root-tokens revoke`,
  },
  {
    name: 'operator snapshot',
    synopsis: 'Interact with snapshots',
    help: `  A backup that was never restored is a hope. A drill restores one on the side and reads every entry of it.

      $ coffer operator snapshot drill`,
  },
  {
    name: 'plugin',
    synopsis: 'Interact with the plugin catalog',
    help: `  What engines and auth methods the server knows.

      $ coffer plugin list
      $ coffer plugin info auth userpass
      $ coffer plugin reload -plugin=kv`,
  },
  {
    name: 'policy',
    synopsis: 'Interact with policies',
    help: `  Policies say which paths a token may use, and how.

      $ coffer policy list
      $ coffer policy write my-policy policy.hcl
      $ coffer policy delete my-policy`,
  },
  {
    name: 'print',
    synopsis: 'Prints runtime configurations',
    help: '  What the command line would use.\n\n      $ coffer print token',
  },
  {
    name: 'secrets',
    synopsis: 'Interact with secrets engines',
    help: `  Secrets engines store, generate or encrypt data. Each is mounted at a path.

      $ coffer secrets list
      $ coffer secrets enable -path=apps -version=2 kv
      $ coffer secrets move apps/ team/apps/`,
  },
  {
    name: 'token',
    synopsis: 'Interact with tokens',
    help: `  Tokens are what every request is judged by.

      $ coffer token create -policy=my-policy -ttl=1h
      $ coffer token lookup
      $ coffer token revoke hvs.CAESI…`,
  },
  {
    name: 'transit',
    synopsis: 'Interact with the transit secrets engine',
    help: `  Keys that encrypt and sign without leaving the server. Most of it is read and write; to bring a key along it has to be wrapped.

      $ coffer write -force transit/keys/my-key
      $ coffer transit import transit/keys/old @key.b64 type=aes256-gcm96`,
  },
]
