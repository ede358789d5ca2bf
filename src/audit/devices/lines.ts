const LINE_FEED = 0x0a

/** The lines of a batch, each without its line feed. */
export function* linesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(LINE_FEED, start)
    const stop = end === -1 ? bytes.length : end
    yield bytes.subarray(start, stop)
    start = stop + 1
  }
}
