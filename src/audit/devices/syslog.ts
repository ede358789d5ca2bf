/** The `syslog` device: to this machine's syslog service, or over the network to another's. */
import { hostname } from 'node:os'
import { auditErrors } from '../../errors/audit.ts'
import type { Clock } from '../../lib/clock.ts'
import type { DeviceOptions, DeviceType } from '../device-type.ts'
import { hostAndPort, timeout } from '../options.ts'
import { tcpWire, unixWire } from './stream-wire.ts'
import { counted, FACILITIES, rfc3164, rfc5424, terminated, type SyslogHeader } from './syslog-frame.ts'
import { MAX_UDP_BYTES, udpWire } from './udp-wire.ts'
import { MAX_UNIX_DATAGRAM_BYTES, unixDatagramWire } from './unix-datagram-wire.ts'
import type { Connect, Frame } from './wire.ts'
import { WireSink } from './wire-sink.ts'

/** Where a machine's syslog service listens, in the order in which they are tried. */
const LOCAL = ['/dev/log', '/var/run/syslog', '/var/run/log']

/** Room for what stands in front of a line. */
const HEADER_BYTES = 500

export const syslogDevice: DeviceType = {
  name: 'syslog',
  options: ['facility', 'tag', 'address', 'rfc', 'write_timeout'],
  sink: (options, { clock }) =>
    new WireSink({ ...wireOf(options, clock), clock, timeout: timeout(options, 'write_timeout', 2000) }),
}

interface Target {
  readonly connect: Connect
  readonly maxLineBytes?: number
}

function wireOf(options: DeviceOptions, clock: Clock): Target {
  const header = { facility: facilityOf(options), tag: tagOf(options), pid: process.pid, clock }
  const address = options.get('address') ?? ''
  if (address === '') return local(LOCAL, frameOf(options, header, '', '3164'), clock)
  const [, scheme = '', rest = ''] = /^(\w+):\/\/(.+)$/.exec(address) ?? []
  const remote = frameOf(options, header, hostname(), '5424')
  switch (scheme) {
    case 'unix':
      return local([rest], frameOf(options, header, '', '3164'), clock)
    case 'udp':
      return {
        connect: udpWire(hostAndPort('address', rest), remote),
        maxLineBytes: MAX_UDP_BYTES - HEADER_BYTES,
      }
    case 'tcp':
      return { connect: tcpWire(hostAndPort('address', rest), counted(remote)) }
    default:
      throw auditErrors.OPTION({ option: 'address', takes: '"unix:///path", "udp://host:port" or "tcp://host:port"' })
  }
}

/** Datagrams where there is a socket for them, and otherwise a stream. */
function local(paths: readonly string[], frame: Frame, clock: Clock): Target {
  const ways = paths.flatMap((path) => [unixDatagramWire(path, clock, frame), unixWire(path, terminated(frame))])
  const connect: Connect = async (signal) => {
    for (const way of ways) {
      try {
        return await way(signal)
      } catch {
        signal.throwIfAborted()
      }
    }
    throw auditErrors.UNREACHABLE({ reason: `there is no syslog service at ${paths.join(', ')}` })
  }
  return { connect, maxLineBytes: MAX_UNIX_DATAGRAM_BYTES - HEADER_BYTES }
}

function frameOf(options: DeviceOptions, header: SyslogHeader, host: string, usual: '3164' | '5424'): Frame {
  switch (options.get('rfc') ?? usual) {
    case '3164':
      return rfc3164(header, host)
    case '5424':
      return rfc5424(header, host === '' ? hostname() : host)
    default:
      throw auditErrors.OPTION({ option: 'rfc', takes: '"3164" or "5424"' })
  }
}

function facilityOf(options: DeviceOptions): number {
  const name = options.get('facility') ?? 'AUTH'
  const number = FACILITIES.indexOf(name.toUpperCase())
  if (number < 0) throw auditErrors.FACILITY({ name: name.toUpperCase() })
  return number
}

function tagOf(options: DeviceOptions): string {
  const tag = options.get('tag') ?? 'vault'
  if (!/^[\u0021-\u007e]{1,48}$/u.test(tag))
    throw auditErrors.OPTION({ option: 'tag', takes: 'up to 48 printable characters without white space' })
  return tag
}
