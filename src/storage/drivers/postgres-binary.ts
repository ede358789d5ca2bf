/** Arrays of byte strings in PostgreSQL's binary form: as text each byte would be two characters, escaped twice. */

const BYTEA = 17
const HEADER_BYTES = 20

/** A parameter of type `bytea[]`; `undefined` is NULL. */
export function byteaArray(items: readonly (Uint8Array | undefined)[]): Buffer {
  let size = HEADER_BYTES
  for (const item of items) size += 4 + (item?.byteLength ?? 0)
  const out = Buffer.allocUnsafe(size)
  // Dimensions, whether there are NULLs, the type, the length of the only dimension and its first index.
  const header = items.length === 0 ? [0, 0, BYTEA] : [1, 1, BYTEA, items.length, 1]
  let at = 0
  for (const word of header) at = out.writeInt32BE(word, at)
  for (const item of items) {
    at = out.writeInt32BE(item === undefined ? -1 : item.byteLength, at)
    if (item === undefined) continue
    out.set(item, at)
    at += item.byteLength
  }
  return out.subarray(0, at)
}

/** A parameter of type `bytea`, without a copy. */
export function bytea(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
