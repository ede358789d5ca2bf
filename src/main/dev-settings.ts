/** The settings of a development server. */
import { defaultJsonLimits } from '../lib/json/index.ts'
import { listenerDefaults } from '../listener/config.ts'
import type { ServerFlags } from './server-flags.ts'
import type { Settings } from './settings.ts'

/** 768 hours, as Vault. */
const DEFAULT_TTL = 2_764_800

/** `store` is the folder to keep data in; without it they are in memory. */
export function devSettings(flags: ServerFlags, store: string | undefined): Settings {
  const address = flags['dev-listen-address']
  return {
    storage: store === undefined ? { type: 'inmem' } : { type: 'lmdb', path: store },
    listeners: [{ ...listenerDefaults, address }],
    log: { level: 'info', format: 'standard', file: undefined },
    systemLimits: { defaultTtl: DEFAULT_TTL, maxTtl: DEFAULT_TTL },
    jsonLimits: defaultJsonLimits,
    clusterName: undefined,
    apiAddress: `http://${address}`,
    auditDevices: [],
    allowApiAuditCreation: true,
    allowAuditPrefix: false,
    forbiddenFolders: store === undefined ? [] : [store],
    configFiles: [],
    pidFile: undefined,
    sanitized: new Map(),
    warnings: [],
  }
}
