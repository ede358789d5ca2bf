/** The archive as a format: what is written is read back, and whatever was done to it on the way is noticed. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { CofferError } from '../errors/coffer-error.ts'
import type { Entry } from '../storage/driver.ts'
import { MemoryDriver } from '../storage/drivers/memory.ts'
import { encodeEnd, encodeMeta, type SnapshotMeta } from './format.ts'
import { readArchive, verifyArchive, type ArchiveSource } from './read-archive.ts'
import { tarEnd, tarHeader, tarPadding } from './tar.ts'
import { writeArchive } from './write-archive.ts'

const meta: SnapshotMeta = {
  clusterId: 'c1',
  clusterName: 'one',
  created: '2026-01-01T00:00:00.000Z',
  serverVersion: '0.1.0',
  storageType: 'inmem',
  sequence: 7,
}
const NO_READS = { sequence: 0, keys: new Set<string>(), prefixes: new Set<string>() }

async function archiveOf(entries: readonly Entry[]): Promise<Buffer> {
  const driver = new MemoryDriver()
  if (entries.length > 0) await driver.commit(NO_READS, new Map(entries))
  const snapshot = driver.snapshot()
  const parts: Uint8Array[] = []
  for await (const part of writeArchive({ meta, snapshot, seal: (sums) => sealOf(sums) })) parts.push(part)
  snapshot.close()
  return Buffer.concat(parts)
}

function sealOf(sums: Uint8Array): Uint8Array {
  return createHash('sha256').update('key').update(sums).digest()
}

/** In portions of any size, as from a network. */
function sourceOf(bytes: Uint8Array, portion = 1000): ArchiveSource {
  return {
    size: bytes.length,
    async *bytes() {
      for (let at = 0; at < bytes.length; at += portion) yield bytes.subarray(at, at + portion)
    },
  }
}

async function entriesOf(archive: Uint8Array): Promise<Entry[]> {
  const out: Entry[] = []
  for await (const page of readArchive(sourceOf(archive))) out.push(...page)
  return out
}

async function refusal(archive: Uint8Array): Promise<string> {
  try {
    await verifyArchive(sourceOf(archive))
    return 'taken'
  } catch (error) {
    if (error instanceof CofferError && error.status === 400) return error.code
    throw error
  }
}

const mixed: readonly Entry[] = [
  ['a', new Uint8Array(0)],
  ['b/é/𝄞', randomBytes(1)],
  ['c', randomBytes(3_000_000)],
  ...Array.from({ length: 3000 }, (_, i): Entry => [`d/${String(i).padStart(5, '0')}`, randomBytes(i % 300)]),
  ['e', randomBytes(1 << 20)],
  ['￿', new Uint8Array(0)],
]

test('what is written is read back, whatever the sizes', async () => {
  const archive = await archiveOf(mixed)
  const read = await entriesOf(archive)
  assert.equal(read.length, mixed.length)
  for (const [i, [key, value]] of mixed.entries()) {
    assert.equal(read[i]?.[0], key)
    assert.equal(Buffer.compare(read[i]?.[1] ?? Buffer.from('no'), value), 0, key)
  }
  const summary = await verifyArchive(sourceOf(archive))
  assert.deepEqual(summary.meta, meta)
  assert.equal(summary.entries, mixed.length)
  assert.deepEqual(summary.sealed, Buffer.from(sealOf(summary.sums)))
})

test('an empty store has an archive, too', async () => {
  const archive = await archiveOf([])
  assert.deepEqual(await entriesOf(archive), [])
  assert.equal((await verifyArchive(sourceOf(archive))).pieces, 0)
})

test('tar and sha256sum read it', { skip: hasTar() ? false : 'needs tar' }, async () => {
  const archive = await archiveOf(mixed)
  const listed = spawnSync('tar', ['-tzf', '-'], { input: archive, encoding: 'utf8' })
  assert.equal(listed.stderr, '')
  const names = listed.stdout.trim().split('\n')
  assert.equal(names[0], 'meta.json')
  assert.equal(names[1], 'state/000001.bin')
  assert.deepEqual(names.slice(-3), ['end.json', 'SHA256SUMS', 'SHA256SUMS.sealed'])
  const sums = spawnSync('tar', ['-xzOf', '-', 'SHA256SUMS'], { input: archive, encoding: 'utf8' }).stdout
  const piece = spawnSync('tar', ['-xzOf', '-', 'state/000002.bin'], { input: archive, maxBuffer: 10_000_000 }).stdout
  assert.match(sums, new RegExp(`^${createHash('sha256').update(piece).digest('hex')}  state/000002.bin$`, 'm'))
})

function hasTar(): boolean {
  return spawnSync('tar', ['--version']).status === 0
}

test('cut at any byte, it is refused', async () => {
  const archive = await archiveOf(mixed.slice(0, 400).filter(([key]) => key !== 'c'))
  const places = Array.from({ length: 400 }, () => Math.floor(Math.random() * archive.length))
  const ends = Array.from({ length: 40 }, (_, i) => archive.length - 1 - i)
  for (const at of [0, 1, 9, 10, ...ends, ...places])
    assert.match(await refusal(archive.subarray(0, at)), /^SNAPSHOT_(DAMAGED|NOT_ONE)$/, `cut at ${at}`)
})

test('with any bit flipped, it is refused', async () => {
  const archive = await archiveOf(mixed.slice(0, 400).filter(([key]) => key !== 'c'))
  for (let i = 0; i < 400; i++) {
    // The first ten bytes are gzip's own: time and system of its making, which mean nothing.
    const at = 10 + Math.floor(Math.random() * (archive.length - 10))
    const flipped = Buffer.from(archive)
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (i % 8))
    if (unpacksTo(flipped, gunzipSync(archive))) continue
    assert.match(await refusal(flipped), /^SNAPSHOT_/, `flipped at ${at}`)
  }
})

/** Between two blocks of the compressed stream are bits that mean nothing. */
function unpacksTo(archive: Buffer, content: Buffer): boolean {
  try {
    return gunzipSync(archive).equals(content)
  } catch {
    return false
  }
}

test('what follows its end is refused', async () => {
  const archive = await archiveOf(mixed.slice(0, 2))
  assert.equal(await refusal(Buffer.concat([archive, Buffer.from('x')])), 'SNAPSHOT_DAMAGED')
  assert.equal(await refusal(Buffer.concat([archive, Buffer.alloc(5000)])), 'SNAPSHOT_DAMAGED')
  assert.equal(await refusal(Buffer.concat([archive, archive])), 'SNAPSHOT_DAMAGED')
})

/** The members of an archive, to put together another. */
function membersOf(archive: Uint8Array): (readonly [name: string, content: Buffer])[] {
  const tar = gunzipSync(archive)
  const out: (readonly [string, Buffer])[] = []
  for (let at = 0; tar[at] !== 0;) {
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8)
    const name = tar.toString('latin1', at, at + 100).replace(/\0+$/, '')
    out.push([name, tar.subarray(at + 512, at + 512 + size)])
    at += 512 + Math.ceil(size / 512) * 512
  }
  return out
}

function archived(members: readonly (readonly [name: string, content: Uint8Array])[]): Buffer {
  const files = members.flatMap(([name, content]) => [
    tarHeader(name, content.length, 0),
    content,
    tarPadding(content.length),
  ])
  return gzipSync(Buffer.concat([...files, tarEnd()]))
}

/** With checksums that fit. */
function summed(members: readonly (readonly [name: string, content: Uint8Array])[]): Buffer {
  const lines = members.map(([name, content]) => `${createHash('sha256').update(content).digest('hex')}  ${name}\n`)
  const sums = Buffer.from(lines.join(''))
  return archived([...members, ['SHA256SUMS', sums], ['SHA256SUMS.sealed', sealOf(sums)]])
}

test('members that are missing, strange, doubled or in another order are refused', async () => {
  const members = membersOf(await archiveOf(mixed))
  assert.equal(await refusal(archived(members)), 'taken')
  for (const i of members.keys())
    assert.match(await refusal(archived(members.toSpliced(i, 1))), /^SNAPSHOT_/, `without ${members[i]?.[0]}`)
  for (const i of members.keys()) {
    const doubled = members.toSpliced(i, 0, members[i] ?? ['', Buffer.alloc(0)])
    assert.match(await refusal(archived(doubled)), /^SNAPSHOT_/, `doubled ${members[i]?.[0]}`)
  }
  for (const name of ['../../etc/passwd', '/etc/passwd', 'state/999999.bin', 'x'])
    assert.equal(await refusal(archived(members.toSpliced(1, 0, [name, Buffer.from('x')]))), 'SNAPSHOT_DAMAGED')
  const [first, second] = [members[1], members[2]]
  assert.ok(first && second)
  // Names as they should be, contents exchanged.
  const body = members.slice(0, -2)
  const exchanged = body.toSpliced(1, 2, [first[0], second[1]], [second[0], first[1]])
  assert.equal(await refusal(summed(exchanged)), 'SNAPSHOT_DAMAGED')
})

test('a link in place of a file is refused', async () => {
  const header = tarHeader('meta.json', 0, 0)
  header.write('2', 156, 'latin1')
  header.write('        ', 148, 'latin1')
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  assert.equal(await refusal(gzipSync(Buffer.concat([header, tarEnd()]))), 'SNAPSHOT_DAMAGED')
})

test('entries that are out of order, doubled, without a key or cut are refused though every checksum fits', async () => {
  const record = (key: string | Buffer, value = 'v') => {
    const name = Buffer.from(key)
    const head = Buffer.alloc(2)
    head.writeUInt16BE(name.length)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(value.length)
    return Buffer.concat([head, name, length, Buffer.from(value)])
  }
  const archiveWith = (state: Buffer, entries: number) =>
    summed([
      ['meta.json', encodeMeta(meta)],
      ['state/000001.bin', state],
      ['end.json', encodeEnd({ entries, bytes: state.length })],
    ])
  const good = Buffer.concat([record('a'), record('b')])
  assert.equal(await refusal(archiveWith(good, 2)), 'taken')
  assert.equal(await refusal(archiveWith(good, 3)), 'SNAPSHOT_DAMAGED')
  assert.equal(await refusal(archiveWith(good.subarray(0, -1), 2)), 'SNAPSHOT_DAMAGED')
  assert.equal(await refusal(archiveWith(Buffer.concat([record('b'), record('a')]), 2)), 'SNAPSHOT_DAMAGED')
  assert.equal(await refusal(archiveWith(Buffer.concat([record('a'), record('a')]), 2)), 'SNAPSHOT_DAMAGED')
  assert.equal(await refusal(archiveWith(record(''), 1)), 'SNAPSHOT_DAMAGED')
  assert.equal(await refusal(archiveWith(record(Buffer.from([0xff, 0xfe])), 1)), 'SNAPSHOT_DAMAGED')
  const huge = Buffer.from('0001610000', 'hex')
  assert.equal(await refusal(archiveWith(Buffer.concat([huge, Buffer.from('ffffffff', 'hex')]), 1)), 'SNAPSHOT_DAMAGED')
})

test('a bomb is refused before it goes off', async () => {
  const zeros = (bytes: number) => gzipSync(Buffer.concat([tarHeader('meta.json', bytes, 0), Buffer.alloc(bytes)]))
  assert.equal(await refusal(zeros(200_000_000)), 'SNAPSHOT_DAMAGED')
  const head = Buffer.concat([
    tarHeader('meta.json', encodeMeta(meta).length, 0),
    encodeMeta(meta),
    tarPadding(encodeMeta(meta).length),
    tarHeader('state/000001.bin', 100_000_000, 0),
  ])
  assert.equal(await refusal(gzipSync(Buffer.concat([head, Buffer.alloc(100_000_000)]))), 'SNAPSHOT_DAMAGED')
})

test('other files are told apart', async () => {
  assert.equal(await refusal(Buffer.from('{"a":1}')), 'SNAPSHOT_DAMAGED')
  assert.equal(await refusal(gzipSync(Buffer.alloc(600, 'x'))), 'SNAPSHOT_NOT_ONE')
  const raft = archived([['meta.json', Buffer.from('{"Version":1,"ID":"bolt-snapshot","Index":1}')]])
  assert.equal(await refusal(raft), 'SNAPSHOT_NOT_ONE')
  const newer = Buffer.from(encodeMeta(meta).toString().replace('"version":1', '"version":2'))
  assert.equal(await refusal(archived([['meta.json', newer]])), 'SNAPSHOT_NEWER')
})
