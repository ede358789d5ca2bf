import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { FakeClock } from '../lib/clock.ts'
import { silentLogger } from '../lib/observe/index.ts'
import { takeUpgradeSnapshot } from './upgrade-snapshot.ts'

function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-upgrade-'))
  return work(folder).finally(() => rmSync(folder, { recursive: true, force: true }))
}

async function* archive(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('archive')
}

test('one of each version is kept, private', () =>
  inFolder(async (folder) => {
    const clock = new FakeClock()
    const deps = { clock, log: silentLogger, folder, take: archive }
    await takeUpgradeSnapshot({ ...deps, version: '0.2.0' }, '0.1.0')
    await clock.advance(1000)
    await takeUpgradeSnapshot({ ...deps, version: '0.2.0' }, '0.1.0')
    await takeUpgradeSnapshot({ ...deps, version: '0.3.0' }, '0.2.0')
    const names = readdirSync(folder).toSorted()
    assert.equal(names.length, 2)
    assert.match(names.join(' '), /^before-0\.2\.0-\d+\.snap before-0\.3\.0-\d+\.snap$/)
    const [first = ''] = names
    assert.equal(readFileSync(join(folder, first), 'utf8'), 'archive')
    assert.equal(statSync(join(folder, first)).mode & 0o777, 0o600)
  }))

test('one that fails is no reason not to start, and is told of', () =>
  inFolder(async (folder) => {
    writeFileSync(join(folder, 'snapshots'), 'in the way')
    const errors: string[] = []
    const log = { ...silentLogger, error: (message: string) => void errors.push(message) }
    await takeUpgradeSnapshot(
      { clock: new FakeClock(), log, folder: join(folder, 'snapshots'), version: '0.2.0', take: archive },
      '0.1.0',
    )
    assert.match(errors.join(), /could not be taken; the server starts without it/)
  }))

test('where no folder is named none is taken, and how to have one is said', async () => {
  const warnings: string[] = []
  const log = { ...silentLogger, warn: (message: string) => void warnings.push(message) }
  const take = (): never => assert.fail('a snapshot was taken')
  await takeUpgradeSnapshot({ clock: new FakeClock(), log, folder: undefined, version: '0.2.0', take }, '0.1.0')
  assert.match(warnings.join(), /no snapshot is taken before: upgrade_snapshot_path is not set/)
})
