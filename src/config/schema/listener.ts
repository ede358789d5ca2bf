/**
 * `listener "tcp" { … }` and `listener "unix" { … }`.
 * Source: https://developer.hashicorp.com/vault/docs/configuration/listener/tcp
 */
import { ignored, refused } from '../field.ts'
import {
  bool,
  cidrs,
  fileMode,
  integer,
  millis,
  oneOf,
  optionalBool,
  optionalText,
  size,
  strings,
  text,
  zeroIsDefault,
} from '../kinds.ts'
import { responseHeaders } from '../response-headers.ts'
import { section } from './nested.ts'

const LATER = 'this server does not obtain certificates by ACME yet; give tls_cert_file and tls_key_file'

export const metricsSchema = {
  unauthenticated_metrics_access: bool('Lets anyone read `sys/metrics` on this listener.'),
  disallow_metrics: bool('Does not serve `sys/metrics` on this listener.'),
  metrics_only: bool('Serves nothing but `sys/metrics` on this listener.'),
  metrics_path: refused('metrics are at /v1/sys/metrics'),
}

const inFlightSchema = {
  unauthenticated_in_flight_requests_access: bool('Lets anyone read `sys/in-flight-req` on this listener.'),
}

const profilingSchema = { unauthenticated_pprof_access: ignored('there is no pprof here') }

/** Keys of both kinds of listener. */
const common = {
  max_request_size: zeroIsDefault(size('Bytes a request body may have.', 33_554_432)),
  max_request_duration: millis(
    'Time a request may take until it is answered, with 503 if need be. 0 takes `default_max_request_duration`.',
    0,
  ),
  max_request_json_memory: zeroIsDefault(size('Bytes the parsed form of a JSON body may take, estimated.', 34_078_720)),
  max_request_json_strings: integer('Strings a JSON body may have, keys included.', 1000, { min: 1, max: 10_000_000 }),
  max_json_depth: integer('Levels a JSON body may nest.', 64, { min: 1, max: 500 }),
  max_json_string_value_length: zeroIsDefault(size('Bytes one string of a JSON body may have.', 33_554_432)),
  max_json_object_entry_count: integer('Members one object of a JSON body may have.', 1000, {
    min: 1,
    max: 10_000_000,
  }),
  max_json_array_element_count: ignored('max_request_json_memory bounds arrays'),
  require_request_header: bool('Refuses requests without `X-Vault-Request: true`, which no browser sends by itself.'),
  http_read_header_timeout: zeroIsDefault(millis('Time for the headers of a request to arrive.', 10_000)),
  http_read_timeout: zeroIsDefault(millis('Time for a whole request to arrive.', 30_000)),
  http_write_timeout: millis(
    'Time from the headers of a request until its response is taken; then the connection is cut. 0 is no limit.',
    0,
  ),
  http_idle_timeout: zeroIsDefault(millis('Time a connection may rest between requests.', 300_000)),
  custom_response_headers: responseHeaders('Headers to add to responses, by status.'),
  telemetry: section('Metrics on this listener.', metricsSchema),
  inflight_requests_logging: section('In-flight requests on this listener.', inFlightSchema),
  profiling: section('Profiles on this listener.', profilingSchema),
  disable_unauthed_rekey_endpoints: optionalBool(
    'False lets anyone use `sys/rekey` and `sys/rekey-recovery-key` on this listener without a token, true nobody. If not given, `enable_unauthenticated_access` says so. Read again at SIGHUP.',
  ),
  disable_unauthed_generate_root_endpoints: optionalBool(
    'The same for `sys/generate-root`: false on a unix socket is a way back when the last token is lost. Read again at SIGHUP.',
  ),
  disable_replication_status_endpoints: ignored('there is no replication'),
  redact_addresses: ignored('no answer that needs no token has an address in it'),
  redact_cluster_name: bool('Leaves the name of the cluster out of `sys/health` and `sys/seal-status`.'),
  redact_version: bool('Leaves the version out of `sys/health` and `sys/seal-status`.'),
  chroot_namespace: refused('a listener serves every namespace; set X-Vault-Namespace at the proxy in front of it'),
  agent_api: refused('it belongs to the configuration of an agent'),
  proxy_api: refused('it belongs to the configuration of a proxy'),
  role: oneOf(
    '`metrics_only` serves nothing but `sys/metrics`, and that to anyone.',
    ['default', 'metrics_only'],
    'default',
    { '': 'default' },
  ),
  purpose: ignored('every listener serves the API'),
  cors_enabled: refused('write sys/config/cors through the API'),
  cors_allowed_origins: refused('write sys/config/cors through the API'),
  cors_allowed_headers: refused('write sys/config/cors through the API'),
  cors_allow_credentials: refused('write sys/config/cors through the API'),
}

export const tcpSchema = {
  address: text('Host and port to listen on: `127.0.0.1:8200`, `:8200`, `[::1]:8200`.', '127.0.0.1:8200'),
  cluster_address: optionalText(
    'Host and port to listen on for the other nodes while this one leads, where nodes share the storage. If not given: the port after that of `address`.',
  ),
  tls_disable: bool('Speaks plain HTTP. For development, or behind a proxy on the same machine.'),
  tls_cert_file: optionalText('PEM file with the certificate and those that lead to its issuer. Read again at SIGHUP.'),
  tls_key_file: optionalText('PEM file with the private key. Read again at SIGHUP.'),
  tls_min_version: oneOf('Lowest version of TLS.', ['tls12', 'tls13'], 'tls12'),
  tls_max_version: oneOf('Highest version of TLS.', ['tls12', 'tls13'], 'tls13'),
  tls_cipher_suites: strings('Names of cipher suites of TLS 1.2, as IANA and Go write them.'),
  tls_prefer_server_cipher_suites: ignored('the server always has the choice'),
  tls_client_ca_file: optionalText('PEM file with the authorities that client certificates must come from.'),
  tls_require_and_verify_client_cert: bool('Refuses connections without a client certificate of those authorities.'),
  tls_disable_client_certs: bool('Does not ask for client certificates.'),
  x_forwarded_for_authorized_addrs: cidrs(
    'Proxies whose `X-Forwarded-For` is believed. Without it the header is ignored.',
  ),
  x_forwarded_for_hop_skips: integer('Entries from the right of the header to skip.', 0, { min: 0, max: 100 }),
  x_forwarded_for_reject_not_present: bool('Refuses requests of those proxies without the header.', true),
  x_forwarded_for_reject_not_authorized: bool('Refuses requests of others that have the header.', true),
  x_forwarded_for_client_cert_header: refused('certificates come only from the TLS connection itself'),
  x_forwarded_for_client_cert_decoders: refused('certificates come only from the TLS connection itself'),
  x_forwarded_for_client_cert_keep_not_forwarded: refused('certificates come only from the TLS connection itself'),
  x_forwarded_for_client_cert_keep_unauthorized: refused('certificates come only from the TLS connection itself'),
  proxy_protocol_behavior: oneOf(
    'Whose PROXY protocol header is believed. Without it the header is not expected.',
    ['', 'use_always', 'allow_authorized', 'deny_unauthorized'],
    '',
  ),
  proxy_protocol_authorized_addrs: cidrs('Proxies that may send a PROXY protocol header.'),
  tls_acme_cache_path: refused(LATER),
  tls_acme_ca_directory: refused(LATER),
  tls_acme_test_ca_directory: refused(LATER),
  tls_acme_ca_root: refused(LATER),
  tls_acme_eab_key_id: refused(LATER),
  tls_acme_eab_mac_key: refused(LATER),
  tls_acme_key_type: refused(LATER),
  tls_acme_email: refused(LATER),
  tls_acme_domains: refused(LATER),
  tls_acme_disable_http_challenge: refused(LATER),
  tls_acme_disable_alpn_challenge: refused(LATER),
  ...common,
}

export const unixSchema = {
  address: text('Path of the socket.', '/run/coffer.sock'),
  socket_mode: fileMode('Permissions of the socket.', 0o600),
  socket_user: optionalText('Owner of the socket, name or number.'),
  socket_group: optionalText('Group of the socket, name or number.'),
  tls_disable: ignored('a unix socket has no TLS'),
  ...common,
}
