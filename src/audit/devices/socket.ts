/** The `socket` device: lines over TCP or a unix socket, datagrams over UDP or a unix socket. */
import { auditErrors } from '../../errors/audit.ts'
import type { Clock } from '../../lib/clock.ts'
import type { DeviceOptions, DeviceType } from '../device-type.ts'
import { hostAndPort, timeout } from '../options.ts'
import { tcpWire, unixWire, type TcpTarget } from './stream-wire.ts'
import { MAX_UDP_BYTES, udpWire } from './udp-wire.ts'
import { MAX_UNIX_DATAGRAM_BYTES, unixDatagramWire } from './unix-datagram-wire.ts'
import type { Connect } from './wire.ts'
import { WireSink } from './wire-sink.ts'

export const socketDevice: DeviceType = {
  name: 'socket',
  options: ['address', 'socket_type', 'write_timeout'],
  sink: (options, { clock }) =>
    new WireSink({ ...wireOf(options, clock), clock, timeout: timeout(options, 'write_timeout', 2000) }),
}

function wireOf(options: DeviceOptions, clock: Clock): { readonly connect: Connect; readonly maxLineBytes?: number } {
  const address = options.get('address') ?? ''
  if (address === '') throw auditErrors.MISSING_OPTION({ option: 'address' })
  const type = options.get('socket_type') ?? 'tcp'
  switch (type) {
    case 'tcp':
    case 'tcp4':
    case 'tcp6':
      return { connect: tcpWire(target(address, type)) }
    case 'udp':
    case 'udp4':
    case 'udp6':
      return { connect: udpWire(target(address, type)), maxLineBytes: MAX_UDP_BYTES }
    case 'unix':
      return { connect: unixWire(address) }
    case 'unixgram':
      return { connect: unixDatagramWire(address, clock), maxLineBytes: MAX_UNIX_DATAGRAM_BYTES }
    default:
      throw auditErrors.OPTION({ option: 'socket_type', takes: '"tcp", "udp", "unix" or "unixgram"' })
  }
}

function target(address: string, type: string): TcpTarget {
  const family = type.endsWith('4') ? { family: 4 as const } : type.endsWith('6') ? { family: 6 as const } : {}
  return { ...hostAndPort('address', address), ...family }
}
