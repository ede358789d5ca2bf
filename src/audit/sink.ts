import type { Awaitable } from '../lib/awaitable.ts'

/** Where a device's lines go. */
export interface Sink {
  /** Makes sure that it can be written to. Rejects with `AUDIT_FILE_REFUSED` and the like. */
  open(): Promise<void>
  /**
   * Takes some whole lines: returns, or resolves, once the operating system has every byte. Where it fails, lines
   * written later still start on a line of their own. One call at a time.
   */
  write(lines: Uint8Array): Awaitable<void>
  /** After the file was rotated away (SIGHUP). */
  reopen(): Promise<void>
  close(): Promise<void>
}
