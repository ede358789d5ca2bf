/** The golden transcripts of tokens, leases, response wrapping, identities and log-ins, each replayed against a server of its own. */
import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { suite, test } from 'node:test'
import { readServerGolden, replay } from '../support/server-golden.ts'
import { startServer } from '../support/server.ts'

// Most of the time a server starts.
suite('golden transcripts of tokens, leases and identities', { concurrency: 4 }, () => {
  for (const file of globSync(join(import.meta.dirname, '{token,leases,wrapping,identity,log-ins}', '*.json'))) {
    const golden = readServerGolden(file)
    test(`${basename(file)}: ${golden.title}`, async () => {
      await using server = await startServer({ storage: 'inmem' })
      assert.deepEqual(await replay(golden, server), [])
    })
  }
})
