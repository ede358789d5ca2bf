/**
 * Replaces what a store holds with entries of one generation, for ever: arguments are the folder and the first generation. Prints
 * `page`, `done` as it gets on, so that it can be killed anywhere.
 */
import { writeSync } from 'node:fs'
import type { Entry } from '../../src/storage/driver.ts'
import { LmdbDriver } from '../../src/storage/drivers/lmdb.ts'

export const ENTRIES = 4000
const PAGE = 100
const VALUE_BYTES = 4000

export const keyOf = (i: number): string => `k/${String(i).padStart(5, '0')}`
/** Generations differ in what they have, too. */
export const hasKey = (generation: number, i: number): boolean => i % 10 !== generation % 10
export const valueOf = (generation: number, i: number): string => `${generation} ${i} `.padEnd(VALUE_BYTES, '.')

async function* entriesOf(generation: number): AsyncGenerator<Entry[]> {
  for (let from = 0; from < ENTRIES; from += PAGE) {
    const numbers = Array.from({ length: PAGE }, (_, j) => from + j).filter((i) => hasKey(generation, i))
    yield numbers.map((i): Entry => [keyOf(i), Buffer.from(valueOf(generation, i))])
    writeSync(1, 'page\n')
  }
}

if (import.meta.main) {
  const [, , path = '', first = '1'] = process.argv
  const driver = new LmdbDriver({ path })
  for (let generation = Number(first); ; generation++) {
    await driver.replace(entriesOf(generation))
    writeSync(1, `done ${generation}\n`)
  }
}
