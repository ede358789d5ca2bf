import type { ListenerStanza, ServerConfig } from '../config/index.ts'
import type { JsonOut } from '../lib/json/index.ts'

/** As Vault's `sys/config/state/sanitized`: what is in force and cannot be a secret. Durations are seconds. */
export function sanitized(config: ServerConfig): ReadonlyMap<string, JsonOut> {
  const { telemetry } = config
  return new Map<string, JsonOut>([
    ['api_addr', config.apiAddr ?? ''],
    ['cluster_addr', config.clusterAddr ?? ''],
    ['cluster_name', config.clusterName ?? ''],
    ['default_lease_ttl', config.defaultLeaseTtl],
    ['max_lease_ttl', config.maxLeaseTtl],
    ['default_max_request_duration', config.defaultMaxRequestDuration / 1000],
    ['enable_response_header_hostname', config.enableResponseHeaderHostname],
    ['administrative_namespace_path', config.administrativeNamespacePath ?? ''],
    ['administrative_namespace_endpoints', config.administrativeNamespaceEndpoints],
    ['raw_storage_endpoint', config.rawStorageEndpoint],
    ['allow_http_webhooks', config.allowHttpWebhooks],
    ['introspection_endpoint', config.introspectionEndpoint],
    ['enable_unauthenticated_access', [...config.enableUnauthenticatedAccess]],
    ['log_format', config.logFormat],
    ['log_level', config.logLevel],
    ['log_requests_level', config.logRequestsLevel],
    ['pid_file', config.pidFile ?? ''],
    ['upgrade_snapshot_path', config.upgradeSnapshotPath ?? ''],
    ['unsafe_allow_api_audit_creation', config.unsafeAllowApiAuditCreation],
    ['allow_audit_log_prefixing', config.allowAuditLogPrefixing],
    [
      'user_lockouts',
      config.lockouts.map((one) => ({
        type: one.type,
        lockout_threshold: one.lockoutThreshold ?? null,
        lockout_duration: one.lockoutDuration ?? null,
        lockout_counter_reset: one.lockoutCounterReset ?? null,
        disable_lockout: one.disableLockout ?? null,
      })),
    ],
    ['listeners', config.listeners.map(listenerOf)],
    ['storage', { type: config.storage.type }],
    ['seals', sealsOf(config)],
    [
      'telemetry',
      {
        disable_hostname: telemetry.disableHostname,
        enable_hostname_label: telemetry.enableHostnameLabel,
        filter_default: telemetry.filterDefault,
        maximum_gauge_cardinality: telemetry.maximumGaugeCardinality,
        metrics_prefix: telemetry.metricsPrefix,
        prefix_filter: [...telemetry.prefixFilter],
        prometheus_retention_time: telemetry.prometheusRetentionTime,
      },
    ],
  ])
}

function listenerOf(listener: ListenerStanza): JsonOut {
  const { type, address } = listener
  // A socket of this machine has no TLS to speak of.
  return { type, config: listener.type === 'tcp' ? { address, tls_disable: listener.tlsDisable } : { address } }
}

function sealsOf({ seals }: ServerConfig): JsonOut {
  if (seals.length === 0) return [{ type: 'shamir', disabled: false }]
  return seals.map(({ type, disabled }) => ({ type, disabled }))
}
