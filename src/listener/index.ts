export { startListener } from './listener.ts'
export type { Listener, ListenerDeps } from './listener.ts'
export { listenerDefaults, tlsDefaults } from './config.ts'
export type {
  ListenerConfig,
  ListenerLimits,
  ListenerTimeouts,
  ResponseHeadersConfig,
  TlsConfig,
  TlsVersion,
  UnixSocketConfig,
} from './config.ts'
export type { ForwardedForConfig } from './forwarded-for.ts'
export type { CertificateDecoder } from './forwarded-certificate.ts'
export type { ProxyProtocolBehavior, ProxyProtocolConfig } from './proxy-protocol.ts'
