/** Datagrams over unix sockets, as syslog takes them: Node has none, so that the socket is made through the C library. */
import { closeSync } from 'node:fs'
import { libc } from './secure/libc.ts'

const AF_UNIX = 1
const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
/** Bytes of `sun_path`, with the zero behind it. */
const MAX_PATH = 108

/**
 * A descriptor of which each write is one datagram to the socket at `path`; it never blocks (`EAGAIN`). `refused` where nobody
 * takes datagrams there, `unsupported` where there is no way to make one. The caller closes it.
 */
export function connectUnixDatagram(path: string): number | 'refused' | 'unsupported' {
  const c = libc()
  const name = Buffer.from(path)
  if (c === undefined) return 'unsupported'
  if (name.length === 0 || name.length >= MAX_PATH || name.includes(0)) return 'refused'
  const address = Buffer.alloc(2 + MAX_PATH)
  address.writeUInt16LE(AF_UNIX)
  name.copy(address, 2)
  const fd = c.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
  if (fd < 0) return 'unsupported'
  if (c.connect(fd, address) === 0) return fd
  closeSync(fd)
  return 'refused'
}
