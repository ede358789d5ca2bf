/** Reads every entry of a store and counts those that cannot be read whole. Run by a test in a process of its own. */
import { CofferError } from '../../src/errors/coffer-error.ts'
import { LmdbDriver } from '../../src/storage/drivers/lmdb.ts'

function open(): LmdbDriver | string {
  try {
    return new LmdbDriver({ path: process.argv[2] ?? '' })
  } catch (error) {
    return error instanceof CofferError ? error.code : String(error)
  }
}

async function countDamaged(driver: LmdbDriver): Promise<number> {
  let damaged = 0
  const snapshot = driver.snapshot()
  for (let i = 0; i < 300; i++) {
    try {
      const value = await snapshot.get(`k${i}`)
      if (value?.length !== 3000 || !value.every((byte) => byte === 1)) damaged++
    } catch {
      damaged++
    }
  }
  snapshot.close()
  await driver.close()
  return damaged
}

const driver = open()
const opened = typeof driver === 'string' ? driver : 'yes'
console.log(JSON.stringify({ opened, damaged: typeof driver === 'string' ? 0 : await countDamaged(driver) }))
