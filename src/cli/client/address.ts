/** Where the server is, and how a Vault path becomes a URL. */
import { posix } from 'node:path'
import { usageFailure } from '../failure.ts'

export interface ServerAddress {
  readonly secure: boolean
  /** As for a socket: IPv6 without brackets. */
  readonly hostname: string
  readonly port: number
  /** A unix socket's file, which is connected to in place of host and port. */
  readonly socketPath: string | undefined
  /** Scheme and authority, as in error messages. */
  readonly origin: string
  /** What the address has after the authority. */
  readonly basePath: string
  /** As the user wrote it. */
  readonly text: string
}

/** Throws `CliFailure`. */
export function parseAddress(text: string): ServerAddress {
  if (text.startsWith('unix://')) {
    const socketPath = text.slice('unix://'.length)
    if (socketPath === '')
      throw usageFailure(`The address ${JSON.stringify(text)} names no socket: write unix:///path/to/socket`)
    return {
      secure: false,
      hostname: 'localhost',
      port: 80,
      socketPath,
      origin: 'http://localhost',
      basePath: '',
      text,
    }
  }
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '') {
    throw usageFailure(
      `The address ${JSON.stringify(text)} is not one of https://host:port, http://host:port or unix:///path/to/socket`,
    )
  }
  const secure = url.protocol === 'https:'
  return {
    secure,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    socketPath: undefined,
    origin: url.origin,
    basePath: url.pathname,
    text,
  }
}

/**
 * The URL path of a Vault path: joined and cleaned like Vault's client does (no `//`, `.`, `..` or trailing slash), then
 * percent-encoded the way Go encodes a path.
 */
export function urlPath(address: ServerAddress, vaultPath: string): string {
  const joined = posix.join('/', address.basePath, 'v1', vaultPath).replace(/(?<=.)\/$/, '')
  return encodeURIComponent(joined.toWellFormed())
    .replace(/%(?:24|26|2B|2C|2F|3A|3B|3D|40)/g, decodeURIComponent)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}

export type Query = readonly (readonly [name: string, value: string])[]

/** With the leading `?`, sorted by name; empty for no parameters. */
export function queryText(query: Query): string {
  if (query.length === 0) return ''
  const sorted = query.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `?${new URLSearchParams(sorted.map(([name, value]) => [name, value])).toString()}`
}
