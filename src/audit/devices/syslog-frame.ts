/** A line as a message of syslog. */
import type { Clock } from '../../lib/clock.ts'
import type { Frame } from './wire.ts'

export interface SyslogHeader {
  /** Number of the facility. */
  readonly facility: number
  readonly tag: string
  readonly pid: number
  readonly clock: Clock
}

/** As syslog(3) numbers them. */
export const FACILITIES: readonly string[] = [
  'KERN',
  'USER',
  'MAIL',
  'DAEMON',
  'AUTH',
  'SYSLOG',
  'LPR',
  'NEWS',
  'UUCP',
  'CRON',
  'AUTHPRIV',
  'FTP',
  'NTP',
  'SECURITY',
  'CONSOLE',
  'CLOCK',
  'LOCAL0',
  'LOCAL1',
  'LOCAL2',
  'LOCAL3',
  'LOCAL4',
  'LOCAL5',
  'LOCAL6',
  'LOCAL7',
]

const INFO = 6
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** RFC 3164; to the local service without a host name, which that adds. */
export function rfc3164(header: SyslogHeader, host: string): Frame {
  const { facility, tag, pid, clock } = header
  return (line) => {
    const date = new Date(clock.now())
    const day = String(date.getDate()).padStart(2)
    const time = `${MONTHS[date.getMonth()]} ${day} ${date.toTimeString().slice(0, 8)}`
    const head = `<${facility * 8 + INFO}>${time} ${host === '' ? '' : `${host} `}${tag}[${pid}]: `
    return Buffer.concat([Buffer.from(head), line])
  }
}

/** RFC 5424, without structured data. */
export function rfc5424(header: SyslogHeader, host: string): Frame {
  const { facility, tag, pid, clock } = header
  return (line) => {
    const time = new Date(clock.now()).toISOString()
    return Buffer.concat([Buffer.from(`<${facility * 8 + INFO}>1 ${time} ${host || '-'} ${tag} ${pid} - - `), line])
  }
}

/** RFC 6587 3.4.1: its length in front of each message, for streams. */
export function counted(frame: Frame): Frame {
  return (line) => {
    const message = frame(line)
    return Buffer.concat([Buffer.from(`${message.length} `), message])
  }
}

/** RFC 6587 3.4.2: a line feed behind each message, for local streams. */
export function terminated(frame: Frame): Frame {
  return (line) => Buffer.concat([frame(line), Buffer.from('\n')])
}
