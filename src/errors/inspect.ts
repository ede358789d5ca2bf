import { defineErrors } from './coffer-error.ts'

/** Vault's list form of a single error. */
function listed(text: string): string {
  return `1 error occurred:\n\t* ${text}\n\n`
}

/** Looking into a running server: what its paths refuse, in Vault's sentences where it has one. */
export const inspectErrors = defineErrors('INSPECT', {
  UI_HEADER_EMPTY: { status: 400, message: 'header and values must be specified' },
  UI_HEADER_OWN: { status: 400, message: 'X-Vault headers cannot be set' },
  UI_HEADER_NAME: { status: 400, message: 'the name of a header takes letters, digits and "-"' },
  UI_HEADER_VALUE: { status: 400, message: 'the value of a header takes no control characters' },
  MONITOR_LEVEL: { status: 400, message: 'unknown log level' },
  MONITOR_FORMAT: { status: 400, message: 'unknown log format' },
  MONITOR_FULL: { status: 503, message: 'too many look on at the log already' },
  PROFILING: { status: 503, message: 'another profile is being made; try again when it is done' },
  PROFILE_SECONDS: { status: 400, message: (p: { most: number }) => `'seconds' takes 1 to ${p.most}` },
  NO_THREAD: { status: 404, message: (p: { number: number }) => `there is no thread ${p.number}` },
  NOT_RELOADED: {
    status: 500,
    message: (p: { what: string }) => `${p.what}; what was there stays in use, and the log of the node says why`,
  },
  RELOAD_NOTHING: { status: 400, message: 'plugin or mounts must be provided' },
  RELOAD_BOTH: { status: 400, message: 'plugin and mounts cannot be set at the same time' },
  RELOAD_SCOPE: { status: 400, message: '\'scope\' takes "global", or nothing' },
  RELOAD_NO_MOUNT: { status: 400, message: (p: { path: string }) => listed(`cannot fetch mount entry on "${p.path}"`) },
  RELOAD_NO_PLUGIN: { status: 400, message: (p: { name: string }) => `plugin not found in the catalog: "${p.name}"` },
  RELOAD_NO_ID: { status: 400, message: 'reload_id must be provided' },
  PLUGIN_TYPE: { status: 400, message: (p: { type: string }) => `"${p.type}" is not a supported plugin type` },
  NO_PLUGIN_COMMAND: { status: 400, message: 'missing command value' },
  NO_PLUGIN_HASH: { status: 400, message: 'missing SHA-256 value' },
  PLUGIN_HASH: { status: 400, message: 'Could not decode SHA-256 value from Hex' },
  NO_PLUGINS: {
    status: 500,
    message: listed(
      'could not set plugin, plugin directory is not configured: engines are built in, and run in no other process',
    ),
  },
  REMOVED: { status: 404, message: 'The functionality has been removed on this path' },
  BAD_TIME: {
    status: 400,
    message: (p: { field: string }) => `"${p.field}" takes an RFC 3339 time, or seconds since 1970`,
  },
  PERIOD: { status: 400, message: 'start_time is later than end_time' },
  EXPORT_FORMAT: { status: 400, message: '\'format\' takes "json" or "csv"' },
  ACTIVITY_ENABLED: { status: 400, message: 'enabled must be one of "default", "enable", "disable"' },
  RETENTION: { status: 400, message: (p: { most: number }) => `retention_months takes 0 to ${p.most}` },
  RETENTION_NEEDED: { status: 400, message: 'retention_months cannot be 0 while enabled' },
  REPORT_MONTHS: { status: 400, message: 'default_report_months must be greater than 0' },
  NO_RUNTIMES: { status: 400, message: 'there are no plugin runtimes: engines are built in, and run in no container' },
})
