/** `telemetry { … }`. Source: https://developer.hashicorp.com/vault/docs/configuration/telemetry */
import { ignored, refused } from '../field.ts'
import { bool, integer, seconds, strings, text } from '../kinds.ts'

const PUSH = 'this server is scraped at sys/metrics; it sends metrics to nobody'
const NO_USAGE = 'gauges of stored things (tokens, leases, entities) are not computed yet'

export const telemetrySchema = {
  prometheus_retention_time: seconds(
    'How long a metric that no longer changes is shown in the Prometheus form. 0 turns that form off.',
    86_400,
  ),
  disable_hostname: bool('Leaves the host name out of the names of gauges, where it stands after the prefix.'),
  enable_hostname_label: bool('Adds the host name to all metrics as the label `host`; the names are without it.'),
  metrics_prefix: text('First part of the names of metrics. Empty takes the default.', 'vault'),
  usage_gauge_period: ignored(NO_USAGE),
  maximum_gauge_cardinality: integer(
    'Sets of label values a metric may have; what is beyond is counted together.',
    500,
    { min: 1, max: 1_000_000 },
  ),
  lease_metrics_epsilon: ignored(NO_USAGE),
  num_lease_metrics_buckets: ignored(NO_USAGE),
  add_lease_metrics_namespace_labels: ignored(NO_USAGE),
  filter_default: bool('Shows metrics that no filter names.', true),
  prefix_filter: strings(
    'Prefixes of the names of metrics to show (`+vault.token`) or hide (`-vault.expire`). The longest that fits decides.',
    {
      takes: 'a list of prefixes with "+" or "-" before them',
      normal: (item) => (/^[+-]./.test(item) ? item : undefined),
    },
  ),
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
