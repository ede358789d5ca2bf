/**
 * Keys outside of any stanza.
 * Source: https://developer.hashicorp.com/vault/docs/configuration
 */
import { ignored, orFrom, refused } from '../field.ts'
import { admittedEndpoints, usualEndpoints } from '../../request/administrative.ts'
import {
  bool,
  integer,
  oneOf,
  optionalInteger,
  optionalText,
  millis,
  seconds,
  size,
  strings,
  zeroIsDefault,
} from '../kinds.ts'

const PLUGINS = 'engines are built in; there are no external plugins'
const ENTERPRISE = 'it belongs to an enterprise edition'

/** Undefined for what is none. Of the last there are no paths here. */
function familyOf(item: string): string | undefined {
  return ['rekey', 'generate-root', 'generate-operation-token'].includes(item) ? item : undefined
}

export const serverSchema = {
  api_addr: orFrom(
    ['VAULT_API_ADDR', 'VAULT_REDIRECT_ADDR'],
    optionalText('Address (URL) at which clients reach this server: others send them there.'),
  ),
  cluster_addr: orFrom(
    ['VAULT_CLUSTER_ADDR'],
    optionalText(
      'Address (URL) at which other nodes reach this one, where nodes share the storage. If not given: the host of `api_addr` and the port of `cluster_address`.',
    ),
  ),
  cluster_name: optionalText('Name of the cluster, fixed at initialisation; made up if not given.'),
  disable_clustering: ignored('nodes know of each other where the storage has ha_enabled, and there alone'),
  default_lease_ttl: zeroIsDefault(seconds('Lifetime of tokens and secrets that ask for none.', 2_764_800, 'greater')),
  max_lease_ttl: zeroIsDefault(seconds('Longest lifetime of tokens and secrets.', 2_764_800, 'greater')),
  default_max_request_duration: zeroIsDefault(millis("Time a request may take, on listeners that don't say.", 90_000)),
  log_level: oneOf(
    'How much is logged. Read again at SIGHUP.',
    ['trace', 'debug', 'info', 'warn', 'error', 'off'],
    'info',
    { '': 'info', notice: 'info', warning: 'warn', err: 'error' },
  ),
  log_format: oneOf('How it is logged.', ['standard', 'json'], 'standard', { '': 'standard', text: 'standard' }),
  log_file: optionalText(
    'File to log to as well as to standard error. Of a folder, or a name that ends with `/`, it is `coffer.log` inside; a name without an extension gets `.log`. Opened again at SIGHUP.',
  ),
  log_rotate_bytes: size(
    'Size at which the log file is rotated: renamed to `name-{time}.log`, the time in nanoseconds since 1970. 0 is never.',
    0,
  ),
  log_rotate_duration: seconds('Age at which the log file is rotated. 0 is never.', 86_400),
  log_rotate_max_files: integer('Old log files to keep. 0 keeps all, -1 none.', 0, { min: -1, max: 100_000 }),
  log_requests_level: oneOf(
    'Level at which each finished request is logged: its method, path, status and duration. Read again at SIGHUP.',
    ['off', 'trace', 'debug', 'info', 'warn', 'error'],
    'off',
    { '': 'off', err: 'error' },
  ),
  ui: ignored('there is no web UI yet'),
  pid_file: optionalText(
    'File to write the process id to once the server listens. It is removed when the server stops in order.',
  ),
  upgrade_snapshot_path: optionalText(
    'Folder for the snapshot that is taken before a version runs for the first time on what another left. If not given: `snapshots` in the folder of an embedded storage; with a storage that is shared none is taken.',
  ),
  disable_mlock: ignored('the memory that holds keys is always locked, the rest of the process never'),
  administrative_namespace_path: optionalText(
    'Namespace of those who administer tenants: what `administrative_namespace_endpoints` names is answered there, too.',
  ),
  administrative_namespace_endpoints: strings(
    `Paths below \`sys/\` that are answered in the administrative namespace although they are the root namespace's: any of ${admittedEndpoints.join(', ')}. If not given: ${usualEndpoints.join(', ')}.`,
    {
      takes: `names out of ${admittedEndpoints.join(', ')}`,
      normal: (name) => admittedEndpoints.find((known) => known === name.replace(/^sys\//, '')),
    },
  ),
  introspection_endpoint: bool(
    'Serves `sys/internal/inspect/router`: all mounts of all namespaces, and where they lie in storage.',
  ),
  raw_storage_endpoint: bool('Serves `sys/raw`: the decrypted storage itself, but for the keys. For emergencies.'),
  allow_http_webhooks: bool(
    'Lets webhooks (`sys/events/webhooks`) speak plain HTTP with other machines. Events are signed either way, but anybody on the way can read them.',
  ),
  enable_unauthenticated_access: strings(
    'Families of paths that anyone may use without a token, as in older versions: `rekey`, `generate-root`. A listener may say otherwise for itself. Read again at SIGHUP.',
    { takes: 'a list of "rekey", "generate-root" and "generate-operation-token"', normal: familyOf },
  ),
  enable_response_header_hostname: bool('Adds `X-Vault-Hostname` to responses of the API.'),
  enable_response_header_raft_node_id: ignored('there is no raft'),
  disable_cache: bool('Keeps no entries of a storage behind a network in memory.'),
  cache_size: zeroIsDefault(
    integer(
      'How many entries of a storage behind a network (PostgreSQL, etcd) each thread keeps in memory, sealed as they are stored; 64 MiB of them at most.',
      131_072,
      { min: 0, max: 10_000_000 },
    ),
  ),
  disable_sealwrap: ignored('a Shamir seal wraps no entries'),
  disable_printable_check: ignored('paths with control characters are always refused'),
  disable_indexing: ignored(ENTERPRISE),
  disable_sentinel_trace: ignored(ENTERPRISE),
  disable_performance_standby: ignored(ENTERPRISE),
  license_path: ignored('no licence is needed'),
  unsafe_allow_api_audit_creation: bool('Lets `sys/audit` make audit devices. Otherwise only this configuration does.'),
  allow_audit_log_prefixing: bool('Lets audit devices made by the API have a prefix.'),
  unsafe_cross_namespace_identity: ignored('identities of one namespace are unknown in every other'),
  unsafe_relative_paths: refused('paths with "." or ".." segments are never served'),
  allow_unauthenticated_workflows: ignored('there are no workflows'),
  disable_standby_reads: ignored(
    'standby nodes answer reads; X-Vault-Forward: active-node has one answered by the leader',
  ),
  detect_deadlocks: ignored('there are no locks to detect them in'),
  imprecise_lease_role_tracking: ignored('the role of a lease is always known, and costs nothing'),
  serving_threads: optionalInteger(
    'Threads that serve requests beside the main one, which alone writes. 0 serves everything by the main one. If not given, one less than there are processors, but at least 1. Always 0 with storage in memory, and on systems that let one socket alone listen at a port (macOS).',
    { min: 0, max: 256 },
  ),
  cluster_cipher_suites: ignored('nodes speak TLS 1.3 with each other'),
  plugin_directory: ignored(PLUGINS),
  plugin_tmpdir: ignored(PLUGINS),
  plugin_file_uid: ignored(PLUGINS),
  plugin_file_permissions: ignored(PLUGINS),
  plugin_auto_download: ignored(PLUGINS),
  plugin_auto_register: ignored(PLUGINS),
  plugin_download_behavior: ignored(PLUGINS),
  plugin_download_max_size: ignored(PLUGINS),
  plugin: refused(PLUGINS),
  ha_storage: refused('the storage itself is what nodes share: set ha_enabled in its stanza'),
  service_registration: refused('it is not supported yet'),
  hsm: refused('the only seal is "shamir"'),
  kms: refused('the only seal is "shamir"'),
  kms_library: refused('the only seal is "shamir"'),
  entropy: refused('random numbers come from the operating system'),
  replication: refused(ENTERPRISE),
  sentinel: refused(ENTERPRISE),
  reporting: ignored('nothing is reported to anybody'),
  experiments: ignored('there are none'),
  enable_multiseal: refused('the only seal is "shamir"'),
}
