import { MAX_LINK_BYTES } from './chain/link.ts'
import type { Sink } from './sink.ts'

/** Hands lines to the thread that keeps the device's chain: one chain has one writer. */
export type Relay = (device: string, lines: Uint8Array) => Promise<void>

/** More than the thread there may wait for its own write, ms. */
const GRACE = 1000

/** `sink` is what the lines go to there. */
export function relaySink(device: string, relay: Relay, sink: Sink, usualTimeout: number): Sink {
  const nothing = async (): Promise<void> => {}
  return {
    timeout: (sink.timeout ?? usualTimeout) + GRACE,
    ...(sink.maxLineBytes === undefined ? {} : { maxLineBytes: sink.maxLineBytes - MAX_LINK_BYTES }),
    open: nothing,
    reopen: nothing,
    close: nothing,
    write: (lines) => relay(device, lines),
  }
}
