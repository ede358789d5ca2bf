/**
 * Where webhooks may go. Whoever configures one makes this server send requests, and sees what became of them: so addresses at which
 * machines keep their own credentials are never asked, under whatever name. Names are looked up once for each connection, and what that
 * gave is what is connected to.
 */
import { lookup as systemLookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/** Its message completes "url …". */
export class DestinationError extends Error {}

export interface DestinationRules {
  /** Plain HTTP to other machines. */
  readonly allowHttp: boolean
}

/** Looks names up; as `dns.lookup`. */
export type Lookup = typeof systemLookup

const LONGEST = 2048

/** Throws a `DestinationError` for what can be seen from the URL alone. */
export function destinationOf(text: string, { allowHttp }: DestinationRules): URL {
  const url = text.length > LONGEST ? null : URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw new DestinationError('takes an https:// URL')
  if (url.username !== '' || url.password !== '') throw new DestinationError('must not hold a user or a password')
  if (url.hash !== '') throw new DestinationError('must not hold a fragment')
  const host = hostOf(url)
  if (url.protocol === 'http:' && !allowHttp && !isLoopback(host))
    throw new DestinationError('must be https://, but for receivers on this machine')
  if (isIP(host) !== 0 && isForbidden(host)) throw new DestinationError('must not lead to that address')
  return url
}

/** As for a socket: IPv6 without brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '')
}

/** For connections to `url`: every address that its name stands for has to be a permitted one. */
export function guardedLookup(
  url: URL,
  { allowHttp }: DestinationRules,
  lookup: Lookup = systemLookup,
): LookupFunction {
  const loopbackOnly = url.protocol === 'http:' && !allowHttp
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, [])
      const bad = addresses.some(({ address }) => isForbidden(address) || (loopbackOnly && !isLoopback(address)))
      const [first] = addresses
      if (bad || first === undefined) return callback(new DestinationError('must not lead to that address'), [])
      if (options.all === true) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
}

export function isLoopback(host: string): boolean {
  if (isIP(host) === 0) return host === 'localhost' || host.endsWith('.localhost')
  return listed(loopback, host)
}

export function isForbidden(address: string): boolean {
  return listed(forbidden, address)
}

function listed(list: BlockList, address: string): boolean {
  const bare = address.split('%')[0] ?? ''
  // What cannot be read is not asked either.
  const family = isIP(bare)
  return family === 0 || list.check(bare, family === 4 ? 'ipv4' : 'ipv6')
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

const forbidden = new BlockList()
for (const [net, bits] of [
  ['0.0.0.0', 8],
  // Link-local, where clouds keep what machines know of themselves: 169.254.169.254 and its like.
  ['169.254.0.0', 16],
  ['192.0.0.192', 32],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  forbidden.addSubnet(net, bits)
  // The same behind the two ways of writing an IPv4 address into an IPv6 one that lead somewhere.
  const [a = 0, b = 0, c = 0, d = 0] = net.split('.').map(Number)
  const [high, low] = [((a << 8) | b).toString(16), ((c << 8) | d).toString(16)]
  forbidden.addSubnet(`64:ff9b::${high}:${low}`, 96 + bits, 'ipv6')
  forbidden.addSubnet(`2002:${high}:${low}::`, 16 + bits, 'ipv6')
}
forbidden.addAddress('::', 'ipv6')
forbidden.addSubnet('fe80::', 10, 'ipv6')
forbidden.addSubnet('ff00::', 8, 'ipv6')
// Of the cloud whose machines ask it over IPv6.
forbidden.addAddress('fd00:ec2::254', 'ipv6')
forbidden.addAddress('fd20:ce::254', 'ipv6')
