/** Snapshots by the clock, which a test moves by hand; into real folders, and into a real implementation of S3. */
import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import S3rver from 's3rver'
import { FakeClock } from '../../lib/clock.ts'
import { createLogger, LogLevels, Metrics } from '../../lib/observe/index.ts'
import type { AutoSnapshotConfig, AutoSnapshotStatus } from '../../request/snapshot-ports.ts'
import { MemoryDriver } from '../../storage/drivers/memory.ts'
import { plainCodec } from '../../storage/plain-codec.ts'
import { Store } from '../../storage/store.ts'
import { AutoSnapshots } from './auto-snapshots.ts'
import { checkConfig } from './check-config.ts'

const HOUR = 3_600_000
const noS3 = {
  bucket: '',
  region: '',
  endpoint: '',
  accessKeyId: '',
  secretAccessKey: '',
  sessionToken: '',
  disableTls: false,
  forcePathStyle: false,
  enableKms: false,
  serverSideEncryption: false,
  kmsKey: '',
}

class House implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'coffer-auto-'))
  readonly clock = new FakeClock()
  readonly metrics = new Metrics(this.clock)
  readonly driver = new MemoryDriver()
  readonly store = new Store(this.driver, plainCodec)
  readonly logged: string[] = []
  content: () => AsyncIterable<Uint8Array> = async function* () {
    yield Buffer.from('archive')
  }
  auto = this.#make()

  get local(): AutoSnapshotConfig {
    return {
      interval: 3600,
      retain: 2,
      pathPrefix: join(this.folder, 'kept'),
      filePrefix: 'vault-snapshot',
      storageType: 'local',
      localMaxSpace: 1000,
      s3: noS3,
    }
  }

  async put(config: AutoSnapshotConfig): Promise<void> {
    await this.store.write((view) => this.auto.put(view, 'a', config))
    await this.settled()
  }

  async status(): Promise<AutoSnapshotStatus> {
    const found = await this.store.read((view) => this.auto.status(view, 'a'))
    assert.ok(found)
    return found
  }

  /** Waits until nothing is under way and the clock is set. */
  async settled(): Promise<void> {
    for (let attempt = 0; attempt < 4000; attempt++) {
      const due = await this.store.read((view) => this.auto.status(view, 'a'))
      const next = due === undefined ? Infinity : Date.parse(due.next)
      if (due?.start === '' && next > this.clock.now() && this.clock.pending > 0) return
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    throw new Error('it never came to rest')
  }

  files(): string[] {
    const { pathPrefix } = this.local
    return existsSync(pathPrefix) ? readdirSync(pathPrefix).toSorted() : []
  }

  /** As another server, or this one after a restart. */
  async restart(): Promise<void> {
    await this.auto.stop()
    this.auto = this.#make()
    this.auto.start()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.auto.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  #make(): AutoSnapshots {
    const sinks = [{ write: (line: string) => void this.logged.push(line) }]
    const log = createLogger({ levels: new LogLevels('trace'), format: 'standard', clock: this.clock, sinks })
    const { store, clock, metrics, folder } = this
    const closed = [join(folder, 'closed')]
    return new AutoSnapshots({ store, clock, log, metrics, closed, take: () => this.content() })
  }
}

function house(): House {
  const made = new House()
  made.auto.start()
  return made
}

test('one at once, then one each interval; the newest are kept, private', async () => {
  await using h = house()
  await h.put(h.local)
  assert.equal(h.files().length, 1)
  const [first = ''] = h.files()
  assert.match(first, /^vault-snapshot-\d{19}\.snap$/)
  assert.equal(readFileSync(join(h.local.pathPrefix, first), 'utf8'), 'archive')
  assert.equal(statSync(join(h.local.pathPrefix, first)).mode & 0o777, 0o600)
  assert.equal(statSync(h.local.pathPrefix).mode & 0o777, 0o700)

  writeFileSync(join(h.local.pathPrefix, 'vault-snapshot-mine.snap'), 'not ours')
  writeFileSync(join(h.local.pathPrefix, 'other-1.snap'), 'not ours')
  await h.clock.advance(HOUR - 1)
  assert.equal(h.files().length, 3)
  await h.clock.advance(1)
  await h.clock.advance(HOUR)
  await h.clock.advance(HOUR)
  await h.settled()
  assert.equal(h.files().length, 4)
  assert.ok(!h.files().includes(first))
  assert.ok(h.files().includes('other-1.snap') && h.files().includes('vault-snapshot-mine.snap'))
  const status = await h.status()
  assert.equal(status.lastError, '')
  assert.match(status.lastUrl, /^file:\/\/\/.*\/kept\/vault-snapshot-\d+\.snap$/)
  assert.equal(Date.parse(status.next) - Date.parse(status.lastStart), HOUR)
})

test('a restart takes none too many and none too few', async () => {
  await using h = house()
  await h.put(h.local)
  await h.clock.advance(HOUR / 2)
  await h.restart()
  await h.settled()
  assert.equal(h.files().length, 1)
  await h.auto.stop()
  await h.clock.advance(3 * HOUR)
  await h.restart()
  await h.settled()
  assert.equal(h.files().length, 2)
})

test('writing the same configuration again takes none; another takes one at once; none is left, none is taken', async () => {
  await using h = house()
  await h.put(h.local)
  await h.put(h.local)
  assert.equal(h.files().length, 1)
  await h.clock.advance(1)
  await h.put({ ...h.local, interval: 7200 })
  assert.equal(h.files().length, 2)
  await h.store.write((view) => h.auto.delete(view, 'a'))
  await h.clock.advance(10 * HOUR)
  assert.equal(h.files().length, 2)
  assert.equal(await h.store.read((view) => h.auto.status(view, 'a')), undefined)
})

test('a run that fails is told of, tried again, and leaves nothing', async () => {
  await using h = house()
  let fails = true
  h.content = async function* () {
    yield Buffer.from('half')
    if (fails) throw Object.assign(new Error('secret words'), { code: 'EIO' })
    yield Buffer.from(' and half')
  }
  await h.put(h.local)
  assert.deepEqual(h.files(), [])
  const failed = await h.status()
  assert.equal(failed.lastError, 'failed: EIO')
  assert.equal(failed.consecutiveErrors, 1)
  assert.equal(Date.parse(failed.next) - h.clock.now(), 60_000)
  await h.clock.advance(60_000)
  await h.settled()
  assert.equal((await h.status()).consecutiveErrors, 2)
  assert.equal(Date.parse((await h.status()).next) - h.clock.now(), 120_000)
  assert.ok(h.logged.some((line) => line.includes('an automated snapshot failed')))
  assert.ok(!h.logged.some((line) => line.includes('secret words')))
  const errors = h.metrics.report().find(({ name }) => name === 'vault.autosnapshots.save.errors')
  assert.equal(errors?.series[0]?.value, 2)
  fails = false
  await h.clock.advance(120_000)
  await h.settled()
  assert.equal(h.files().length, 1)
  assert.equal((await h.status()).consecutiveErrors, 0)
  assert.equal((await h.status()).lastError, '')
})

test('no more space is taken than was allowed', async () => {
  await using h = house()
  h.content = async function* () {
    yield Buffer.alloc(400)
  }
  await h.put({ ...h.local, retain: 3 })
  await h.clock.advance(HOUR)
  await h.settled()
  assert.equal(h.files().length, 2)
  await h.clock.advance(HOUR)
  await h.settled()
  assert.equal(h.files().length, 2)
  assert.match((await h.status()).lastError, /more than the 1000 bytes of local_max_space/)
  // Room is made by hand, and the next attempt has it.
  rmSync(join(h.local.pathPrefix, h.files()[0] ?? ''))
  await h.clock.advance(60_000)
  await h.settled()
  assert.equal(h.files().length, 2)
  assert.equal((await h.status()).lastError, '')
})

test('what a run that was killed left is cleared away', async () => {
  await using h = house()
  mkdirSync(h.local.pathPrefix)
  writeFileSync(join(h.local.pathPrefix, 'vault-snapshot-1.snap.part'), 'half')
  writeFileSync(join(h.local.pathPrefix, 'notes.part'), 'not ours')
  await h.put(h.local)
  assert.equal(
    h
      .files()
      .filter((name) => name.endsWith('.part'))
      .join(),
    'notes.part',
  )
})

test('the end of the server ends a run, which is due again', async () => {
  await using h = house()
  const held = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  h.content = async function* () {
    yield Buffer.from('begun')
    begun.resolve()
    await held.promise
    yield Buffer.from('more')
  }
  await h.store.write((view) => h.auto.put(view, 'a', h.local))
  await begun.promise
  assert.notEqual((await h.status()).start, '')
  const stopped = h.auto.stop()
  held.resolve()
  await stopped
  assert.deepEqual(h.files(), [])
  h.content = async function* () {
    yield Buffer.from('whole')
  }
  await h.restart()
  await h.settled()
  assert.equal(h.files().length, 1)
})

test('what cannot work is refused', async () => {
  await using h = house()
  const bad = (change: Partial<AutoSnapshotConfig>) => () =>
    checkConfig({ ...h.local, ...change }, [join(h.folder, 'closed')])
  const s3 = { ...noS3, bucket: 'b', region: 'r' }
  assert.doesNotThrow(bad({}))
  assert.doesNotThrow(bad({ storageType: 'aws-s3', s3, localMaxSpace: 0, pathPrefix: '' }))
  for (const change of [
    { interval: 0 },
    { retain: 0 },
    { filePrefix: '' },
    { filePrefix: '../x' },
    { pathPrefix: '' },
    { pathPrefix: 'relative' },
    { localMaxSpace: 0 },
    { storageType: 'aws-s3', s3: noS3 },
    { storageType: 'aws-s3', s3: { ...s3, accessKeyId: 'only' } },
    { storageType: 'aws-s3', s3: { ...s3, enableKms: true, serverSideEncryption: true } },
  ] as const)
    assert.throws(bad(change), { code: 'SNAPSHOT_AUTO_FIELD' }, JSON.stringify(change))
  mkdirSync(join(h.folder, 'closed'))
  symlinkSync(join(h.folder, 'closed'), join(h.folder, 'link'))
  for (const way of ['closed', 'closed/deeper', 'open/../closed', 'link/deeper'])
    assert.throws(bad({ pathPrefix: `${h.folder}/${way}` }), { code: 'SNAPSHOT_AUTO_CLOSED_FOLDER' }, way)
})

/** A server of S3 in this process. */
let bucket: { readonly endpoint: string; readonly folder: string; readonly server: S3rver }

before(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-s3-'))
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    directory: folder,
    silent: true,
    configureBuckets: [{ name: 'kept', configs: [] }],
  })
  const { port } = await server.run()
  bucket = { endpoint: `127.0.0.1:${port}`, folder, server }
})
after(async () => {
  await bucket.server.close()
  rmSync(bucket.folder, { recursive: true, force: true })
})

test('into a bucket: small ones, large ones in parts, the newest kept', async () => {
  await using h = house()
  const big = Buffer.alloc(40 << 20, 'x')
  const config: AutoSnapshotConfig = {
    ...h.local,
    storageType: 'aws-s3',
    pathPrefix: 'backups',
    s3: {
      ...noS3,
      bucket: 'kept',
      region: 'eu-central-1',
      endpoint: bucket.endpoint,
      accessKeyId: 'S3RVER',
      secretAccessKey: 'S3RVER',
      disableTls: true,
      forcePathStyle: true,
    },
  }
  await h.put(config)
  const status = await h.status()
  assert.equal(status.lastError, '')
  assert.match(status.lastUrl, /^s3:\/\/kept\/backups\/vault-snapshot-\d+\.snap$/)
  h.content = async function* () {
    for (let at = 0; at < big.length; at += 1_000_003) yield big.subarray(at, at + 1_000_003)
  }
  for (let i = 0; i < 2; i++) {
    await h.clock.advance(HOUR)
    await h.settled()
    assert.equal((await h.status()).lastError, '')
  }
  const objects = readdirSync(join(bucket.folder, 'kept', 'backups')).filter((name) =>
    name.endsWith('.snap._S3rver_object'),
  )
  assert.equal(objects.length, 2)
  for (const name of objects) assert.equal(statSync(join(bucket.folder, 'kept', 'backups', name)).size, big.length)
  await h.put({ ...config, s3: { ...config.s3, bucket: 'absent' } })
  assert.equal((await h.status()).lastError, 'failed: NoSuchBucket')
})

async function allOf(source: AsyncIterable<Uint8Array> | undefined): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of source ?? []) parts.push(part)
  return Buffer.concat(parts).toString()
}

test('the newest of all configurations is found, in a folder or in a bucket', async () => {
  await using h = house()
  assert.equal(await h.auto.newest(), undefined)
  const put = (name: string, config: AutoSnapshotConfig) => h.store.write((view) => h.auto.put(view, name, config))
  h.content = async function* () {
    yield Buffer.from('in the folder')
  }
  await h.put(h.local)
  const first = await h.auto.newest()
  assert.equal(first?.config, 'a')
  assert.match(first?.url ?? '', /^file:\/\/.*\/kept\/vault-snapshot-\d+\.snap$/)
  assert.equal(await allOf(first?.read()), 'in the folder')

  await h.clock.advance(1000)
  h.content = async function* () {
    yield Buffer.from('in the bucket')
  }
  const s3 = {
    ...noS3,
    bucket: 'kept',
    region: 'eu-central-1',
    endpoint: bucket.endpoint,
    accessKeyId: 'S3RVER',
    secretAccessKey: 'S3RVER',
    disableTls: true,
    forcePathStyle: true,
  }
  await put('b', { ...h.local, storageType: 'aws-s3', pathPrefix: 'newest', s3 })
  for (let attempt = 0; attempt < 1000 && (await h.auto.newest())?.config !== 'b'; attempt++)
    await new Promise((resolve) => setTimeout(resolve, 5))
  const second = await h.auto.newest()
  assert.match(second?.url ?? '', /^s3:\/\/kept\/newest\/vault-snapshot-\d+\.snap$/)
  assert.equal(await allOf(second?.read()), 'in the bucket')

  // What cannot be looked into might hold a newer one.
  await h.store.write((view) => h.auto.delete(view, 'b'))
  assert.equal((await h.auto.newest())?.config, 'a')
  rmSync(h.local.pathPrefix, { recursive: true })
  assert.equal(await h.auto.newest(), undefined)
  writeFileSync(h.local.pathPrefix, 'in the way')
  await assert.rejects(h.auto.newest(), { code: 'SNAPSHOT_AUTO_UNREADABLE' })
})
