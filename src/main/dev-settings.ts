/** The settings of a development server. */
import type { JsonOut } from '../lib/json/index.ts'
import { listenerDefaults } from '../listener/config.ts'
import { plainLockout } from '../request/lockout-ports.ts'
import { closedPaths } from './closed-paths.ts'
import type { ServerFlags } from './server-flags.ts'
import type { Settings } from './settings.ts'

/** 768 hours, as Vault. */
const DEFAULT_TTL = 2_764_800

/** `store` is the folder to keep data in; without it they are in memory. */
export function devSettings(flags: ServerFlags, store: string | undefined): Settings {
  const address = flags['dev-listen-address']
  return {
    storage: store === undefined ? { type: 'inmem' } : { type: 'lmdb', path: store },
    cachedEntries: 0,
    servingThreads: 0,
    cluster: { listen: { host: '127.0.0.1', port: 0 }, address: '' },
    seals: [],
    listeners: [{ ...listenerDefaults, address }],
    log: {
      level: 'info',
      format: 'standard',
      file: undefined,
      rotation: { maxBytes: 0, maxAge: 0, keep: 0 },
      requests: 'off',
    },
    telemetry: {
      prefix: 'vault',
      hostnameInGauges: false,
      hostnameAsLabel: false,
      prefixFilter: [],
      filterDefault: true,
      retention: 86_400_000,
      maxSeries: 500,
    },
    systemLimits: { defaultTtl: DEFAULT_TTL, maxTtl: DEFAULT_TTL },
    lockout: plainLockout,
    clusterName: undefined,
    apiAddress: `http://${address}`,
    hostnameHeader: false,
    // As Vault's: one in memory is for looking inside.
    administrative: undefined,
    rawStorage: store === undefined,
    allowHttpWebhooks: false,
    introspection: store === undefined,
    auditDevices: [],
    initialize: [],
    allowApiAuditCreation: true,
    allowAuditPrefix: false,
    closedToAudit: closedPaths([store], []),
    configFiles: [],
    upgradeSnapshotPath: undefined,
    pidFile: undefined,
    sanitized: () =>
      new Map<string, JsonOut>([
        ['api_addr', `http://${address}`],
        ['default_lease_ttl', DEFAULT_TTL],
        ['max_lease_ttl', DEFAULT_TTL],
        ['log_level', 'info'],
        ['raw_storage_endpoint', store === undefined],
        ['introspection_endpoint', store === undefined],
        ['listeners', [{ type: 'tcp', config: { address, tls_disable: true } }]],
        ['storage', { type: store === undefined ? 'inmem' : 'lmdb' }],
        ['seals', [{ type: 'shamir', disabled: false }]],
      ]),
    warnings: [],
  }
}
