/**
 * Where devices may connect to. Collectors stand in private networks, so those are open; closed is what only answers to this very
 * machine's neighbours on the wire: link-local addresses, where clouds hand out their machines' credentials.
 */
import { lookup as systemLookup, type LookupOneOptions } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { auditErrors } from '../../errors/audit.ts'

const closed = new BlockList()
closed.addSubnet('169.254.0.0', 16, 'ipv4')
closed.addSubnet('fe80::', 10, 'ipv6')
closed.addAddress('fd00:ec2::254', 'ipv6')

function isClosed(address: string): boolean {
  const family = isIP(address)
  return family !== 0 && closed.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

/** For a host that may be an address already, of which nothing is looked up. Throws `AUDIT_UNREACHABLE`. */
export function assertOutward(host: string): void {
  if (isClosed(host.replaceAll(/[[\]]/gu, ''))) throw refused()
}

/** Looks a name up, and refuses it if any of its addresses is closed: what is checked is what is connected to. */
export const outwardLookup: LookupFunction = (hostname, options, callback) => {
  systemLookup(hostname, options, (error, address, family) => {
    const addresses = typeof address === 'string' ? [address] : (address ?? []).map((one) => one.address)
    if (error === null && addresses.some(isClosed)) callback(refused(), address, family)
    else callback(error, address, family)
  })
}

/** The same for datagrams, which go to one address. */
export function lookupOne(
  hostname: string,
  options: LookupOneOptions,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  systemLookup(hostname, options, (error, address, family) => {
    if (error === null && isClosed(address)) callback(refused(), '', 0)
    else callback(error, address, family)
  })
}

function refused(): Error {
  return auditErrors.UNREACHABLE({ reason: 'its address is link-local' })
}
