import { defineErrors } from '../errors/coffer-error.ts'

/** What keeps a listener from starting or reloading, and what it answers by itself. */
export const listenerErrors = defineErrors('LISTENER', {
  ADDRESS: { status: 500, message: (p: { address: string }) => `listener address "${p.address}" is not host:port` },
  IN_USE: { status: 500, message: (p: { address: string }) => `another process listens on ${p.address}` },
  BIND: { status: 500, message: (p: { address: string }) => `cannot listen on ${p.address}` },
  NOT_A_SOCKET: {
    status: 500,
    message: (p: { path: string }) => `${p.path} exists and is not a socket; it is left alone`,
  },
  OWNER: { status: 500, message: (p: { name: string }) => `user or group "${p.name}" is not known on this machine` },
  TLS_FILE: { status: 500, message: (p: { field: string; path: string }) => `${p.field} "${p.path}" cannot be read` },
  TLS_PAIR: {
    status: 500,
    message: (p: { cert: string; key: string }) => `"${p.cert}" and "${p.key}" are not a certificate and its key`,
  },
  TLS_CLIENT_CA: {
    status: 500,
    message: (p: { path: string }) => `tls_client_ca_file "${p.path}" holds no certificate`,
  },
  TLS_CIPHER: {
    status: 500,
    message: (p: { name: string }) => `tls_cipher_suites: "${p.name}" is not known or not secure`,
  },
  TLS_VERSIONS: { status: 500, message: 'tls_max_version must not be below tls_min_version' },
  TLS_CLIENT_CERTS: {
    status: 500,
    message: 'tls_disable_client_certs and tls_require_and_verify_client_cert exclude each other',
  },
  CLOSED: { status: 500, message: 'the listener is closed' },
  XFF_ABSENT: {
    status: 400,
    message: 'missing x-forwarded-for header and configured to reject when not present',
  },
  XFF_NOT_AUTHORIZED: {
    status: 400,
    message: 'client address not authorized for x-forwarded-for and configured to reject connection',
  },
  XFF_HOPS: {
    status: 400,
    message: (p: { skips: number; hops: number }) =>
      'malformed x-forwarded-for configuration or request, ' +
      `hops to skip (${p.skips}) would skip before earliest chain link (chain length ${p.hops})`,
  },
  XFF_MALFORMED: { status: 400, message: 'malformed x-forwarded-for header: the hop to use is not an IP address' },
  XFF_CERT: { status: 400, message: 'the forwarded client certificate cannot be decoded' },
  TARGET_TOO_LONG: { status: 414, message: (p: { max: number }) => `the request target is longer than ${p.max} bytes` },
  HOST: { status: 400, message: 'a request has exactly one Host header' },
  UPGRADE: { status: 400, message: 'this request cannot turn its connection into a WebSocket' },
  EXPECT: { status: 417, message: 'header Expect takes 100-continue' },
})
