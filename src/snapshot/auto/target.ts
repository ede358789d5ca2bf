/** Where automated snapshots go. */

export interface StoredSnapshot {
  readonly name: string
  readonly size: number
}

export interface Target {
  urlOf(name: string): string
  /** All of it, or nothing under that name. Resolves once it is durable. */
  write(name: string, archive: AsyncIterable<Uint8Array>): Promise<void>
  /** Those of this configuration, the oldest first. */
  list(): Promise<readonly StoredSnapshot[]>
  read(name: string): AsyncIterable<Uint8Array>
  remove(name: string): Promise<void>
  close(): void
}

/** `prefix-` and the time in nanoseconds since 1970, as Vault names them. */
export function nameOf(filePrefix: string, now: number): string {
  return `${filePrefix}-${BigInt(Math.floor(now)) * 1_000_000n}.snap`
}

/** Those that `nameOf` made, by their time. Others' files are none of ours, to count or to remove. */
export function ownSnapshots(filePrefix: string, found: readonly StoredSnapshot[]): readonly StoredSnapshot[] {
  return found
    .flatMap((one) => {
      const time = timeOf(filePrefix, one.name)
      return time === undefined ? [] : [{ one, time }]
    })
    .toSorted((a, b) => (a.time < b.time ? -1 : 1))
    .map(({ one }) => one)
}

/** Of one that `nameOf` made; undefined for others. */
export function timeOf(filePrefix: string, name: string): bigint | undefined {
  if (!name.startsWith(`${filePrefix}-`)) return undefined
  const [, time] = /^(\d{1,25})\.snap$/.exec(name.slice(filePrefix.length + 1)) ?? []
  return time === undefined ? undefined : BigInt(time)
}
