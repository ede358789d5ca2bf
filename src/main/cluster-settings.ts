/** Where a node listens for others, and where they reach it. */
import type { ServerConfig } from '../config/index.ts'
import type { ClusterSettings } from './settings.ts'

const DEFAULT_PORT = 8201

export function clusterOf(config: ServerConfig, apiAddress: string): ClusterSettings {
  const listener = config.listeners.find(({ type }) => type === 'tcp')
  const given = listener?.type === 'tcp' ? listener.clusterAddress : undefined
  const own = parts(listener?.address ?? '')
  const listen = given === undefined ? { host: own.host, port: own.port + 1 } : parts(given)
  return { listen, address: config.clusterAddr ?? `https://${hostOf(apiAddress)}:${listen.port}` }
}

/** The configuration's own checks refused an address that is none. */
function parts(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, Math.max(colon, 0)).replace(/^\[|\]$/g, '')
  return { host: host === '' ? '0.0.0.0' : host, port: Number(address.slice(colon + 1)) || DEFAULT_PORT - 1 }
}

function hostOf(apiAddress: string): string {
  return /^[a-z]+:\/\/(\[[^\]]+\]|[^:/]+)/i.exec(apiAddress)?.[1] ?? '127.0.0.1'
}
