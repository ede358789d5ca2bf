/**
 * The header of the PROXY protocol, versions 1 and 2 (haproxy.org, doc/proxy-protocol.txt): with it a load balancer says, in
 * front of everything else, for whom it opened the connection.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { formatAddress } from './address.ts'

export type ProxyProtocolBehavior = 'use_always' | 'allow_authorized' | 'deny_unauthorized'

export interface ProxyProtocolConfig {
  readonly behavior: ProxyProtocolBehavior
  /** CIDRs; may be empty for `use_always` alone. */
  readonly authorizedAddrs: readonly string[]
}

export interface Source {
  readonly address: string
  readonly port: number
}

export type ProxyHeader =
  | { readonly kind: 'incomplete' | 'absent' | 'malformed' }
  /** `source` is undefined where the balancer speaks for itself (health checks) or of no IP address. */
  | { readonly kind: 'found'; readonly length: number; readonly source: Source | undefined }

const signature1 = Buffer.from('PROXY ')
const signature2 = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
/** The longest line version 1 allows, with its end. */
const longest1 = 107
/** Addresses, and room for the additions balancers make. */
const longest2 = 4096

/** Looks at the first bytes of a connection. */
export function parseProxyHeader(bytes: Buffer): ProxyHeader {
  if (begins(bytes, signature2)) return bytes.length < 16 ? { kind: 'incomplete' } : parse2(bytes)
  if (begins(bytes, signature1)) return parse1(bytes)
  return { kind: 'absent' }
}

/** Whether one is the start of the other. */
function begins(bytes: Buffer, signature: Buffer): boolean {
  const common = Math.min(bytes.length, signature.length)
  return bytes.subarray(0, common).equals(signature.subarray(0, common))
}

function parse1(bytes: Buffer): ProxyHeader {
  const end = bytes.indexOf('\r\n')
  if (end < 0 || end + 2 > longest1) return { kind: bytes.length < longest1 && end < 0 ? 'incomplete' : 'malformed' }
  const parts = bytes.toString('latin1', 0, end).split(' ')
  const [, family, address = '', , port = ''] = parts
  if (family === 'UNKNOWN') return { kind: 'found', length: end + 2, source: undefined }
  const fits = family === 'TCP4' ? isIPv4(address) : family === 'TCP6' && isIPv6(address)
  if (parts.length !== 6 || !fits || !/^\d{1,5}$/u.test(port) || Number(port) > 65_535) return { kind: 'malformed' }
  return { kind: 'found', length: end + 2, source: { address, port: Number(port) } }
}

function parse2(bytes: Buffer): ProxyHeader {
  const version = (bytes[12] ?? 0) >> 4
  const command = (bytes[12] ?? 0) & 15
  const family = bytes[13] ?? 0
  const length = 16 + bytes.readUInt16BE(14)
  if (version !== 2 || command > 1 || length > longest2) return { kind: 'malformed' }
  if (bytes.length < length) return { kind: 'incomplete' }
  if (command === 0) return { kind: 'found', length, source: undefined }
  if (family === 0x11 && length >= 28) {
    return {
      kind: 'found',
      length,
      source: { address: bytes.subarray(16, 20).join('.'), port: bytes.readUInt16BE(24) },
    }
  }
  if (family === 0x21 && length >= 52) {
    return {
      kind: 'found',
      length,
      source: { address: address6(bytes.subarray(16, 32)), port: bytes.readUInt16BE(48) },
    }
  }
  return { kind: family === 0x11 || family === 0x21 ? 'malformed' : 'found', length, source: undefined }
}

function address6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16))
  return new URL(`http://${formatAddress(groups.join(':'), 80)}`).hostname.slice(1, -1)
}
