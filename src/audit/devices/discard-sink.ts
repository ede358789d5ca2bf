import type { Sink } from '../sink.ts'

/** Takes everything and keeps nothing: for measuring, and for those who must not fail for want of a log. */
export const discardSink: Sink = Object.freeze({
  open: async () => {},
  write: () => undefined,
  reopen: async () => {},
  close: async () => {},
})
