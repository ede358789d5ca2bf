import { listenerErrors } from './errors.ts'

export interface TcpAddress {
  /** Undefined is every address of the machine. */
  readonly host: string | undefined
  readonly port: number
}

/** Reads Go's `host:port`. Throws `LISTENER_ADDRESS`. */
export function parseAddress(text: string): TcpAddress {
  const match = /^(?:\[(?<six>[^[\]]*)\]|(?<host>[^:[\]]*)):(?<port>\d{1,5})$/u.exec(text)
  const port = Number(match?.groups?.['port'])
  if (match === null || port > 65_535) throw listenerErrors.ADDRESS({ address: text })
  const host = match.groups?.['six'] ?? match.groups?.['host'] ?? ''
  return { host: host === '' ? undefined : host, port }
}

export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
