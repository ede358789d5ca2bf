/**
 * Node's HTTP server, set up so that nothing but the listener's own rules answers. `node:http` is not imported: importing it loads
 * every lazy export it has, which takes 50 ms of the server's start.
 */
import type { Server, ServerOptions } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { ListenerConfig, TlsConfig } from './config.ts'
import { clientCertificateOptions, readSecureContext } from './tls-context.ts'

export type NodeServer =
  | { readonly tls: undefined; readonly server: Server }
  | { readonly tls: TlsConfig; readonly server: HttpsServer }

/** ms; how often Node looks for requests that take too long. */
const checkEvery = 1000

/** Rejects with a `LISTENER_TLS_*` error. */
export async function createNodeServer(config: ListenerConfig): Promise<NodeServer> {
  const made = await create(config)
  const { server } = made
  // No cut-off list: a header left out may be the second of a kind. Their size is limited.
  server.maxHeadersCount = 0
  // A client that has said all it has to say, and closed its side, still gets its reply (RFC 9112 9.6), however long that takes.
  Object.assign(server, { httpAllowHalfOpen: true })
  if (config.limits.connections < Infinity) server.maxConnections = config.limits.connections
  return made
}

async function create(config: ListenerConfig): Promise<NodeServer> {
  const options = httpOptions(config)
  const { tls } = config
  if (tls === undefined) return { tls, server: process.getBuiltinModule('node:http').createServer(options) }
  const server = process.getBuiltinModule('node:https').createServer({
    ...options,
    ...(await readSecureContext(tls)),
    ...clientCertificateOptions(tls),
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: config.timeouts.readHeader,
  })
  return { tls, server }
}

function httpOptions(config: ListenerConfig): ServerOptions {
  const { limits, timeouts } = config
  const readHeader = finite(timeouts.readHeader)
  const read = finite(timeouts.read)
  return {
    maxHeaderSize: limits.headerSize,
    headersTimeout: readHeader,
    requestTimeout: read === 0 ? 0 : Math.max(read, readHeader),
    keepAliveTimeout: finite(timeouts.idle),
    connectionsCheckingInterval: checkEvery,
    insecureHTTPParser: false,
    // Checked by the exchange, for two as well as for none.
    requireHostHeader: false,
    optimizeEmptyRequests: true,
  }
}

/** Node's word for no limit is 0. */
function finite(ms: number): number {
  return ms === Infinity ? 0 : ms
}
