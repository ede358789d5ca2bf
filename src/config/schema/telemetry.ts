/** `telemetry { … }`. Source: https://developer.hashicorp.com/vault/docs/configuration/telemetry */
import { ignored, refused } from '../field.ts'
import { bool, integer, seconds, strings, text } from '../kinds.ts'

const PUSH = 'this server is scraped at sys/metrics; it sends metrics to nobody'

export const telemetrySchema = {
  prometheus_retention_time: seconds('How long a metric that no longer changes is shown. 0 turns the Prometheus form off.', 86_400),
  disable_hostname: bool('Leaves the host name out of the names of gauges.'),
  enable_hostname_label: bool('Adds the host name to all metrics as a label.'),
  metrics_prefix: text('First part of the name of every metric.', 'vault'),
  usage_gauge_period: seconds('How often gauges that are costly to compute are. 0 is never.', 600),
  maximum_gauge_cardinality: integer('Labels a gauge may have.', 500, { min: 1, max: 1_000_000 }),
  lease_metrics_epsilon: seconds('Width of a bucket of expiring leases.', 3600),
  num_lease_metrics_buckets: integer('Number of buckets of expiring leases.', 168, { min: 1, max: 10_000 }),
  add_lease_metrics_namespace_labels: bool('Splits the buckets of expiring leases by namespace.'),
  filter_default: bool('Shows metrics that no filter names.', true),
  prefix_filter: strings('Prefixes of metrics to show (`+vault.token`) or hide (`-vault.expire`).'),
  statsite_address: refused(PUSH),
  statsd_address: refused(PUSH),
  dogstatsd_addr: refused(PUSH),
  dogstatsd_tags: ignored(PUSH),
  circonus_api_token: refused(PUSH),
  circonus_api_app: ignored(PUSH),
  circonus_api_url: ignored(PUSH),
  circonus_submission_interval: ignored(PUSH),
  circonus_submission_url: refused(PUSH),
  circonus_check_id: ignored(PUSH),
  circonus_check_force_metric_activation: ignored(PUSH),
  circonus_check_instance_id: ignored(PUSH),
  circonus_check_search_tag: ignored(PUSH),
  circonus_check_display_name: ignored(PUSH),
  circonus_check_tags: ignored(PUSH),
  circonus_broker_id: ignored(PUSH),
  circonus_broker_select_tag: ignored(PUSH),
  stackdriver_project_id: refused(PUSH),
  stackdriver_location: ignored(PUSH),
  stackdriver_namespace: ignored(PUSH),
  stackdriver_debug_logs: ignored(PUSH),
}
