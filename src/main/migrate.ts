/** `coffer operator migrate`: all data from one storage to another, while no server runs on either. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { environmentReader } from '../cli/environment.ts'
import { CliFailure } from '../cli/failure.ts'
import { flag, type Flags, type Values } from '../cli/flags/flag.ts'
import { parseFlags } from '../cli/flags/parse.ts'
import { section } from '../cli/help/usage.ts'
import type { CliIo } from '../cli/io.ts'
import { loadMigration } from '../config/index.ts'
import { OUTSIDE_BARRIER } from '../seal/storage-keys.ts'
import { migrate, resetMigration, type MigrationParts } from '../snapshot/index.ts'
import { systemClock } from '../lib/clock.ts'
import { silentLogger } from '../lib/observe/index.ts'
import type { Driver } from '../storage/driver.ts'
import { openDriver } from './storage.ts'
import type { Settings } from './settings.ts'

const flags = {
  config: flag.string({
    usage: 'File with the stanzas storage_source and storage_destination.',
    env: 'MIGRATE_CONFIG_PATH',
  }),
  start: flag.string({ usage: 'Only copy keys at or after this one, in the order of their bytes.' }),
  reset: flag.bool({ usage: 'Empty the destination of an interrupted migration. Nothing is copied.' }),
  'max-parallel': flag.int({ usage: 'Taken for the sake of scripts; entries are copied in order.', initial: 10 }),
  'log-level': flag.string({ usage: 'Taken for the sake of scripts; progress goes to stderr.', initial: 'info' }),
} satisfies Flags

const help = () => `Usage: coffer operator migrate [options]

  Copies all data from one storage to another, as it is stored: encrypted, so that neither a server nor
  unseal keys are needed. No server may run on either. The destination must be empty, or hold an
  interrupted migration from the same source: then it goes on. At the end both are compared, entry by
  entry.

      $ coffer operator migrate -config=migrate.hcl

      storage_source "lmdb" {
        path = "/var/lib/coffer"
      }
      storage_destination "lmdb" {
        path = "/srv/coffer"
      }

${section('Command Options', flags)}
`

/** ms between two lines of progress. */
const PACE = 1000

export async function migrateCommand(args: readonly string[], io: CliIo): Promise<number> {
  if (args.some((arg) => /^--?h(elp)?$/.test(arg))) {
    io.stdout.write(help())
    return 0
  }
  try {
    const parsed = parseFlags(flags, args, environmentReader(io.env))
    // The parser read these by the same declarations that the type is derived from.
    const values = Object.fromEntries(parsed.values) as unknown as Values<typeof flags>
    if (values.config === '') throw new CliFailure('Must specify exactly one config path using -config', 1)
    await run(values, io)
    return 0
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown'
    io.stderr.write(error instanceof CliFailure ? `${reason}\n` : `Error migrating: ${reason}\n`)
    return error instanceof CliFailure ? error.exitCode : 2
  }
}

async function run({ config, start, reset }: Values<typeof flags>, io: CliIo): Promise<void> {
  const { source, destination } = loadMigration(config)
  const stop = new AbortController()
  const interrupt = (): void => stop.abort()
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  try {
    if (reset) {
      const was = await using(destination, (driver) => resetMigration(driver, stop.signal))
      io.stdout.write(
        was
          ? 'Success! The interrupted migration was removed from the destination.\n'
          : 'There is no interrupted migration.\n',
      )
      return
    }
    // Opening makes a store where there is none: a path that is misspelt must not become one.
    if (source.type === 'lmdb' && !existsSync(join(source.path, 'data.mdb')))
      throw new CliFailure(`storage_source: there is no store in ${source.path}`, 2)
    const done = await using(source, (from) =>
      using(destination, (to) =>
        migrate({
          source: from,
          destination: to,
          last: OUTSIDE_BARRIER,
          start,
          signal: stop.signal,
          progress: progressTo(io),
        }),
      ),
    )
    io.stdout.write(
      `Success! All of the keys have been migrated.\n${done.entries} entries, ${done.bytes} bytes; SHA-256 of both sides: ${done.hash}\n`,
    )
  } finally {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
  }
}

async function using<T>(storage: Settings['storage'], work: (driver: Driver) => Promise<T>): Promise<T> {
  // No node may run on it, so it is opened as one server's own, whatever the stanza says of others.
  const alone = 'haEnabled' in storage ? { ...storage, haEnabled: false } : storage
  const driver = await openDriver(alone, false, { clock: systemClock, log: silentLogger, cachedEntries: 0 })
  try {
    return await work(driver)
  } finally {
    await driver.close()
  }
}

function progressTo(io: CliIo): MigrationParts['progress'] {
  let told = 0
  return ({ phase, entries, bytes }) => {
    const now = performance.now()
    if (now - told < PACE) return
    told = now
    io.stderr.write(`${phase}: ${entries} entries, ${bytes} bytes\n`)
  }
}
