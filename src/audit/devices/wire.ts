/** A way of bytes to another process, as the sinks that connect use it: a stream, or datagrams. */
export interface Wire {
  /** False once the other side has gone away. */
  readonly alive: boolean
  /** Resolves once the operating system has all of it. Rejects when the signal is aborted; the wire is of no use then. */
  send(lines: Uint8Array, signal: AbortSignal): Promise<void>
  close(): void
}

/** Rejects with an `AUDIT_UNREACHABLE`, a system error, or the signal's reason. */
export type Connect = (signal: AbortSignal) => Promise<Wire>

/** What stands around a line on its way. */
export type Frame = (line: Uint8Array) => Uint8Array
