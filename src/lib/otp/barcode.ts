/** A text as the picture of a QR code that a phone reads. */
import { squarePng } from '../png.ts'

/** What a barcode can't be: of fewer pixels than the code has squares, or of more text than a code holds. */
export type BarcodeProblem = { readonly tooSmall: number } | { readonly tooLong: true }

/** What the largest code holds where a seventh of it may be lost (ISO/IEC 18004, version 40, level M). */
const MOST_BYTES = 2331
/** White squares around the code, which the package always draws. */
const BORDER = 1

/** Base64 of a PNG of `size` pixels; the code stands in its middle, as large as whole pixels allow. */
export async function barcode(text: string, size: number): Promise<string | BarcodeProblem> {
  // Loaded by the first who needs a picture.
  const { encodeQR } = await import('qr')
  if (Buffer.byteLength(text) > MOST_BYTES) return { tooLong: true }
  const squares = encodeQR(text, 'raw', { ecc: 'medium', encoding: 'byte', border: BORDER })
  const side = squares.length - 2 * BORDER
  const scale = Math.floor(size / side)
  if (scale === 0) return { tooSmall: side }
  const margin = Math.floor((size - scale * side) / 2)
  const at = (pixel: number) => Math.floor((pixel - margin) / scale) + BORDER
  return Buffer.from(squarePng(size, (x, y) => squares[at(y)]?.[at(x)] === true)).toString('base64')
}
