import type { Awaitable } from '../lib/awaitable.ts'

export interface LastLine {
  /** Without its line feed. */
  readonly bytes: Uint8Array
  /** A line that was cut off stands behind it. */
  readonly torn: boolean
}

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
  /** How long a write may take, ms, where that is the device's own to say. */
  readonly timeout?: number
  /** The longest line it takes, in bytes; a longer one fails by itself and not those it is written with. */
  readonly maxLineBytes?: number
  /** What was last written to where the lines go, by whomever; undefined where there is no whole line. Only of what can be read back. */
  lastLine?(): Promise<LastLine | 'empty' | undefined>
}
