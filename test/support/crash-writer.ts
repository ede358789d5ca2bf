/**
 * Writes for ever, many transactions of three keys at once, and prints the number of each once it is acknowledged; behind it the number
 * of the earlier one that it deleted, if it did.
 */
import { writeSync } from 'node:fs'
import { LmdbDriver } from '../../src/storage/drivers/lmdb.ts'
import { plainCodec } from '../../src/storage/plain-codec.ts'
import { Store } from '../../src/storage/store.ts'

const [, , path = '', first = '0'] = process.argv
const store = new Store(new LmdbDriver({ path }), plainCodec)
let next = Number(first)
const acknowledged = new Set<number>()

async function write(): Promise<never> {
  for (;;) {
    const id = next++
    const old = id % 7 === 0 && acknowledged.has(id - 100) ? id - 100 : undefined
    const value = Buffer.from(`${id} `.repeat(1 + (id % 400)))
    await store.write(async (transaction) => {
      const counter = Number((await transaction.get('counter'))?.toString() ?? 0)
      for (const name of ['a', 'b', 'c']) transaction.put(`${name}/${id}`, value)
      // One key that all fight for, beside those of their own.
      if (id % 10 === 0) transaction.put('counter', Buffer.from(String(counter + 1)))
      if (old !== undefined) for (const name of ['a', 'b', 'c']) transaction.delete(`${name}/${old}`)
    })
    acknowledged.add(id)
    writeSync(1, `${id} ${old ?? ''}\n`)
  }
}

await Promise.all(Array.from({ length: 16 }, write))
