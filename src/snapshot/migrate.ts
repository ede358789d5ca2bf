/**
 * Copies everything from one store to another, as it is. How far it came stands in the destination, in the same commit as what was
 * copied, so that an interrupted copy goes on where it was. What opens the vault comes last, together with the end of that note: before,
 * the destination is no vault.
 */
import { createHash } from 'node:crypto'
import { defineErrors } from '../errors/coffer-error.ts'
import type { Driver, Entry, Leadership } from '../storage/driver.ts'
import { compareKeys } from '../storage/key-order.ts'
import { pagesOf } from './pages.ts'

export const migrateErrors = defineErrors('MIGRATE', {
  IN_USE: { status: 409, message: (p: { what: string }) => `the ${p.what} is in use: a server leads on it` },
  EMPTY_SOURCE: { status: 400, message: 'the source holds nothing' },
  NOT_EMPTY: {
    status: 409,
    message: 'the destination is not empty, and what it holds is not of an interrupted migration from this source',
  },
  CHANGED: {
    status: 409,
    message: 'the source has changed since the interrupted migration began: begin anew, with -reset before',
  },
  UNFINISHED: {
    status: 500,
    message: 'the storage holds an unfinished migration: run "operator migrate" again, or with -reset to empty it',
  },
  STOPPED: { status: 503, message: 'interrupted; run it again to go on' },
  DIFFERENT: {
    status: 500,
    message: (p: { source: number; destination: number }) =>
      `the copy is not like the source (${p.source} entries there, ${p.destination} here)`,
  },
})

export interface MigrationParts {
  readonly source: Driver
  readonly destination: Driver
  /** Keys without which the destination is no vault. */
  readonly last: ReadonlySet<string>
  /** Only keys from this one on; empty for all. */
  readonly start: string
  readonly signal: AbortSignal
  progress(done: { readonly phase: 'copying' | 'comparing'; readonly entries: number; readonly bytes: number }): void
}

export interface Migrated {
  readonly entries: number
  readonly bytes: number
  /** Of all entries, on both sides. */
  readonly hash: string
  readonly resumed: boolean
}

/** Sorts before all keys of a vault and is none of them. */
const NOTE_KEY = '!migration'

interface Note {
  readonly type: string
  readonly sequence: number
  readonly start: string
  readonly after: string
  readonly entries: number
  readonly bytes: number
}

/** Rejects with a `MIGRATE_*` error, or what the stores reject with. */
export async function migrate(parts: MigrationParts): Promise<Migrated> {
  const { source, destination, signal } = parts
  return holding([source, 'source'], signal, () =>
    holding([destination, 'destination'], signal, () => copyAndCompare(parts)),
  )
}

/** Empties the destination of an interrupted migration. False where there is none. */
export async function resetMigration(destination: Driver, signal: AbortSignal): Promise<boolean> {
  return holding([destination, 'destination'], signal, async () => {
    const { note } = await lookAt(destination)
    if (note === undefined) return false
    await destination.replace(
      (async function* (): AsyncGenerator<readonly Entry[]> {
        yield []
      })(),
    )
    return true
  })
}

/** Throws `MIGRATE_UNFINISHED` for the destination of an interrupted migration: it looks like an empty store, and is none. */
export async function assertNotMigrating(driver: Driver): Promise<void> {
  const snapshot = await driver.snapshot()
  try {
    if ((await snapshot.get(NOTE_KEY)) !== undefined) throw migrateErrors.UNFINISHED()
  } finally {
    snapshot.close()
  }
}

/** Where several nodes share a store, nobody else may lead meanwhile. */
async function holding<T>(
  [driver, what]: readonly [Driver, string],
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const { election } = driver
  if (election === undefined) return work()
  if ((await election.leader()) !== undefined) throw migrateErrors.IN_USE({ what })
  const leadership: Leadership = await election.campaign('operator migrate', signal)
  try {
    return await work()
  } finally {
    await leadership.release()
  }
}

async function copyAndCompare(parts: MigrationParts): Promise<Migrated> {
  const { source, destination, last, start } = parts
  const snapshot = await source.snapshot()
  try {
    if ((await snapshot.keys({ prefix: '', limit: 1 })).length === 0) throw migrateErrors.EMPTY_SOURCE()
    const { note: earlier, empty } = await lookAt(destination)
    if (earlier === undefined && !empty) throw migrateErrors.NOT_EMPTY()
    if (earlier !== undefined && (earlier.type !== source.type || earlier.start !== start))
      throw migrateErrors.NOT_EMPTY()
    if (earlier !== undefined && earlier.sequence !== snapshot.sequence) throw migrateErrors.CHANGED()
    const note = earlier ?? { type: source.type, sequence: snapshot.sequence, start, after: '', entries: 0, bytes: 0 }
    const copied = await copy(parts, note, pagesOf(snapshot, note.after))
    const final = new Map<string, Uint8Array | undefined>([[NOTE_KEY, undefined]])
    for (const key of last) {
      const value = isWanted(key, start) ? await snapshot.get(key) : undefined
      if (value !== undefined) final.set(key, value)
    }
    await commit(destination, final)
    const hash = await compare(parts, pagesOf(snapshot))
    return { ...copied, hash, resumed: earlier !== undefined }
  } finally {
    snapshot.close()
  }
}

async function copy(
  { destination, last, start, signal, progress }: MigrationParts,
  note: Note,
  pages: AsyncIterable<readonly Entry[]>,
): Promise<{ readonly entries: number; readonly bytes: number }> {
  let { entries, bytes } = note
  // Before anything else is there: what is found later is known to be of this migration.
  await commit(destination, new Map([[NOTE_KEY, encodeNote(note)]]))
  for await (const page of pages) {
    if (signal.aborted) throw migrateErrors.STOPPED()
    const wanted = page.filter(([key]) => isWanted(key, start))
    for (const [key, value] of wanted) bytes += Buffer.byteLength(key) + value.length
    entries += wanted.length
    const after = page.at(-1)?.[0] ?? note.after
    const writes = new Map<string, Uint8Array | undefined>(wanted.filter(([key]) => !last.has(key)))
    writes.set(NOTE_KEY, encodeNote({ ...note, after, entries, bytes }))
    await commit(destination, writes)
    progress({ phase: 'copying', entries, bytes })
  }
  return { entries, bytes }
}

/** The hash of both sides, where it is the same. */
async function compare(parts: MigrationParts, pages: AsyncIterable<readonly Entry[]>): Promise<string> {
  const there = await digest(parts, pages)
  const snapshot = await parts.destination.snapshot()
  try {
    const here = await digest(parts, pagesOf(snapshot))
    if (here.hash !== there.hash || here.entries !== there.entries)
      throw migrateErrors.DIFFERENT({ source: there.entries, destination: here.entries })
    return here.hash
  } finally {
    snapshot.close()
  }
}

async function digest(
  { start, signal, progress }: MigrationParts,
  pages: AsyncIterable<readonly Entry[]>,
): Promise<{ readonly hash: string; readonly entries: number }> {
  const hash = createHash('sha256')
  const lengths = Buffer.alloc(8)
  let entries = 0
  let bytes = 0
  for await (const page of pages) {
    if (signal.aborted) throw migrateErrors.STOPPED()
    for (const [key, value] of page) {
      if (!isWanted(key, start)) continue
      const name = Buffer.from(key)
      lengths.writeUInt32BE(name.length)
      lengths.writeUInt32BE(value.length, 4)
      hash.update(lengths).update(name).update(value)
      entries++
      bytes += name.length + value.length
    }
    progress({ phase: 'comparing', entries, bytes })
  }
  return { hash: hash.digest('hex'), entries }
}

function isWanted(key: string, start: string): boolean {
  return key !== NOTE_KEY && (start === '' || compareKeys(key, start) >= 0)
}

async function lookAt(driver: Driver): Promise<{ readonly note: Note | undefined; readonly empty: boolean }> {
  const snapshot = await driver.snapshot()
  try {
    const stored = await snapshot.get(NOTE_KEY)
    const empty = (await snapshot.keys({ prefix: '', limit: 1 })).length === 0
    return { note: stored === undefined ? undefined : decodeNote(stored), empty }
  } finally {
    snapshot.close()
  }
}

async function commit(driver: Driver, writes: ReadonlyMap<string, Uint8Array | undefined>): Promise<void> {
  await driver.commit({ sequence: driver.sequence, keys: new Set(), prefixes: new Set() }, writes)
}

function encodeNote(note: Note): Uint8Array {
  return Buffer.from(JSON.stringify(note))
}

function decodeNote(stored: Uint8Array): Note {
  const value: unknown = JSON.parse(new TextDecoder().decode(stored))
  const members = new Map<string, unknown>(typeof value === 'object' && value !== null ? Object.entries(value) : [])
  const text = (name: string): string => {
    const found = members.get(name)
    return typeof found === 'string' ? found : ''
  }
  const number = (name: string): number => {
    const found = members.get(name)
    return typeof found === 'number' ? found : -1
  }
  return {
    type: text('type'),
    sequence: number('sequence'),
    start: text('start'),
    after: text('after'),
    entries: number('entries'),
    bytes: number('bytes'),
  }
}
