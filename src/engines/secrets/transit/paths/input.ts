/** What is computed over, in base64. */
import { decodeBase64 } from '../base64.ts'
import type { BatchItem } from '../batch.ts'
import { transitErrors } from '../errors.ts'

/** Throws `TRANSIT_MISSING` or `TRANSIT_INPUT_BASE64`. */
export function inputOf(item: BatchItem, what: string): Buffer {
  if (!item.has('input')) throw transitErrors.MISSING({ what })
  return inputBytes(item.text('input'))
}

/** Throws `TRANSIT_INPUT_BASE64`. */
export function inputBytes(text: string): Buffer {
  const bytes = decodeBase64(text)
  if (typeof bytes === 'number') throw transitErrors.INPUT_BASE64({ at: bytes })
  return bytes
}
