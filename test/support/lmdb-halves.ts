/** What stands in an LMDB store besides what its driver shows. */
import { openDatabase } from '../../src/storage/drivers/lmdb-environment.ts'
import { boundsOf, halfIn, otherThan } from '../../src/storage/drivers/lmdb-halves.ts'

/** Entries in the half that does not count. The driver may have the store open, in this process. */
export async function idleEntries(path: string): Promise<number> {
  const db = openDatabase(path)
  try {
    db.resetReadTxn()
    return db.getKeysCount(boundsOf(otherThan(halfIn(db))))
  } finally {
    await db.close()
  }
}
