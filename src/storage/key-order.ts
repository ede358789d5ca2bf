/** The order of keys and what may be one. */
import { storageErrors } from '../errors/storage.ts'
import type { Driver, WriteSet } from './driver.ts'

/** Orders two strings as the bytes of their UTF-8 forms, which is the order of their code points. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return codePointRank(x) - codePointRank(y)
  }
  return a.length - b.length
}

// UTF-16 puts surrogates (which stand for code points above U+FFFF) before U+E000..U+FFFF.
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}

/** Whether a key can be stored at all. */
export function isStorable(key: string, maxBytes: number): boolean {
  return key !== '' && fits(key, maxBytes) && key.isWellFormed()
}

/** Throws what `Driver.commit` says it throws for keys and values that do not fit. */
export function checkWrites(driver: Pick<Driver, 'maxKeyBytes' | 'maxValueBytes'>, writes: WriteSet): void {
  for (const [key, value] of writes) {
    if (!fits(key, driver.maxKeyBytes)) throw storageErrors.KEY_TOO_LONG({ max: driver.maxKeyBytes })
    if (key === '' || !key.isWellFormed()) throw storageErrors.KEY_INVALID()
    if (value !== undefined && value.byteLength > driver.maxValueBytes) {
      throw storageErrors.VALUE_TOO_LARGE({ max: driver.maxValueBytes })
    }
  }
}

function fits(key: string, maxBytes: number): boolean {
  // A UTF-16 unit takes at most three bytes, so short keys need no count.
  return key.length * 3 <= maxBytes || Buffer.byteLength(key) <= maxBytes
}
