/** Addresses and blocks that a token or a role is bound to. */
import { BlockList, isIP } from 'node:net'

/** `10.0.0.0/8`, `::1`: the block as Vault prints it (a single address without its mask), or undefined for what is none. */
export function normalCidr(text: string): string | undefined {
  const clean = text.trim()
  const slash = clean.indexOf('/')
  const address = slash === -1 ? clean : clean.slice(0, slash)
  const family = isIP(address)
  if (family === 0 || address.includes('%')) return undefined
  const full = family === 4 ? 32 : 128
  if (slash === -1) return address
  const bits = clean.slice(slash + 1)
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > full) return undefined
  return Number(bits) === full ? address : `${address}/${Number(bits)}`
}

/** Whether all addresses of a block are in one of the others. All of them are such as `normalCidr` takes. */
export function isWithin(block: string, others: readonly string[]): boolean {
  const [address, bits] = parts(block)
  return others.some((other) => {
    const [, otherBits] = parts(other)
    return otherBits <= bits && addressBound([other]).allows(address)
  })
}

function parts(block: string): readonly [address: string, bits: number] {
  const [address = '', bits] = block.split('/')
  return [address, bits === undefined ? (isIP(address) === 4 ? 32 : 128) : Number(bits)]
}

export interface AddressBound {
  allows(address: string): boolean
}

/** Throws on what `normalCidr` would refuse: a bound that can't be read must not bind nothing. An empty list allows all. */
export function addressBound(cidrs: readonly string[]): AddressBound {
  if (cidrs.length === 0) return EVERYWHERE
  const list = new BlockList()
  for (const cidr of cidrs) {
    const [address = '', bits] = cidr.split('/')
    const family = isIP(address)
    if (family === 0) throw new Error('a bound CIDR is not valid')
    list.addSubnet(
      address,
      bits === undefined ? (family === 4 ? 32 : 128) : Number(bits),
      family === 4 ? 'ipv4' : 'ipv6',
    )
  }
  return {
    allows: (address) => {
      const family = isIP(address)
      return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6')
    },
  }
}

const EVERYWHERE: AddressBound = Object.freeze({ allows: () => true })
