import type { Sink } from './sink.ts'

/** Hands lines to the thread that keeps the device's chain: one chain has one writer. */
export type Relay = (device: string, lines: Uint8Array) => Promise<void>

/** More than the thread there may wait for its own write, ms. */
const GRACE = 1000

export function relaySink(device: string, relay: Relay, timeout: number): Sink {
  const nothing = async (): Promise<void> => {}
  return {
    timeout: timeout + GRACE,
    open: nothing,
    reopen: nothing,
    close: nothing,
    write: (lines) => relay(device, lines),
  }
}
