/** What a call costs, in units of work: from the sizes of what it is given, before it is made. */
import { isCelList, isCelMap, type CelValue } from '@bufbuild/cel'
import { weightOf } from './patterns.ts'

/** Making an error costs more than most calls. */
export const ERROR_COST = 10

/** What is compared by order has many forms, which are tried one by one. */
const ORDERING = 4

/** @param enough beyond which it need not be known. */
export function costOf(name: string, target: CelValue | undefined, args: readonly CelValue[], enough: number): number {
  const all = target === undefined ? args : [target, ...args]
  switch (name) {
    case '_==_':
    case '_!=_':
    case '@in':
      return 1 + sum(all, (one) => sizeOf(one, enough))
    case '_<_':
    case '_<=_':
    case '_>_':
    case '_>=_':
      return ORDERING + sum(all, (one) => widthOf(one) / 64)
    case '_+_':
      return 1 + sum(all, (one) => widthOf(one) / 16)
    case 'contains':
    case 'indexOf':
    case 'lastIndexOf':
    case 'split': {
      const [whole = 0, part = 0] = all.map(widthOf)
      return 1 + whole / 64 + (whole * part) / 4096
    }
    case 'matches': {
      const [subject = '', pattern = ''] = all
      const weight = typeof pattern === 'string' ? weightOf(pattern) : 0
      // It is compiled at each call.
      return 60 + weight / 4 + (widthOf(subject) * weight) / 100
    }
    case 'cidr_contains':
      return 40
    case 'timestamp':
    case 'duration':
      return 10 + sum(all, widthOf)
    default:
      // A part of a time in a zone asks for all that is known of the zone.
      return name.startsWith('get') && args.length > 0 ? 1500 : 1 + sum(all, (one) => widthOf(one) / 16)
  }
}

function sum(values: readonly CelValue[], of: (value: CelValue) => number): number {
  return values.reduce<number>((total, value) => total + of(value), 0)
}

/** Of a text its characters, of bytes, lists and maps how many there are. */
export function widthOf(value: CelValue): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return value.length
  return isCelList(value) || isCelMap(value) ? value.size : 1
}

/** With all that is in it. */
function sizeOf(value: CelValue, enough: number): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return 1 + value.length / 64
  let size = 1
  if (isCelList(value)) {
    for (const element of value) if ((size += sizeOf(element, enough - size)) > enough) break
  } else if (isCelMap(value)) {
    for (const [key, one] of value)
      if ((size += sizeOf(key, enough - size) + sizeOf(one, enough - size)) > enough) break
  }
  return size
}
