/** A chained log of ten thousand lines, and each way in which one line of it can be tampered with. */
import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, hash, randomInt } from 'node:crypto'
import { test } from 'node:test'
import { FakeClock } from '../../lib/clock.ts'
import { uuid } from '../../lib/secure/random.ts'
import { linesOf } from '../devices/lines.ts'
import { jsonFormat, jsonxFormat, type Format } from '../format.ts'
import { keyId } from './chain-store.ts'
import { Chain, CHECKPOINT_EVERY, type Known } from './chain.ts'
import { readCheckpoint } from './checkpoint.ts'
import { Verifier, type Finding, type Summary } from './verifier.ts'

const { privateKey } = generateKeyPairSync('ed25519')
const publicKey = createPublicKey(privateKey)
const id = keyId(publicKey)
const LINES = 10_000

interface Verdict extends Summary {
  readonly found: readonly Finding[]
  readonly notes: readonly Finding[]
}

function verify(
  lines: readonly Buffer[],
  options: { readonly complete?: boolean; readonly partial?: boolean } = {},
): Verdict {
  const found: Finding[] = []
  const notes: Finding[] = []
  const verifier = new Verifier({
    keys: new Map([[id, publicKey]]),
    allowRepeats: false,
    partial: false,
    complete: false,
    ...options,
    found: (one) => found.push(one),
    noted: (one) => notes.push(one),
  })
  for (const [index, line] of lines.entries()) verifier.add(line, { file: 'log', line: index + 1 })
  return { ...verifier.end(), found, notes }
}

function chainOf(format: Format, remember: (checkpoint: Known) => void = () => {}): Chain {
  return new Chain(
    { format, signer: { id, privateKey }, clock: new FakeClock(), newId: uuid, remember },
    { after: undefined, known: undefined, reason: 'start', top: true },
  )
}

/** `count` lines and a closing checkpoint, written in batches of any size. */
function write(format: Format, count: number): Buffer[] {
  const chain = chainOf(format)
  const out: Buffer[] = []
  for (let done = 0; done < count;) {
    const batch = Math.min(randomInt(1, 40), count - done)
    const text = Array.from({ length: batch }, (_, i) =>
      format.line(`{"time":"t","type":"request","request":{"id":"${done + i}","path":"secret/data/ä"}}`),
    ).join('')
    done += batch
    if (done === count) chain.want('close')
    out.push(...[...linesOf(chain.link(format.encode(text)))].map((line) => Buffer.from(line)))
    chain.confirm()
  }
  return out
}

for (const format of [jsonFormat(''), jsonFormat('@cee: '), jsonxFormat('')]) {
  test(`a log as it was written is in order (${format.name}, ${format.memberAt})`, () => {
    const lines = write(format, 2500)
    const verdict = verify(lines, { complete: true })
    assert.deepEqual(verdict.found, [])
    assert.deepEqual(verdict.notes, [])
    // One at the start, one after each thousand, one at the end.
    assert.equal(verdict.checkpoints, 4)
    assert.equal(verdict.lines, 2504)
    assert.deepEqual([verdict.first, verdict.last, verdict.unsigned, verdict.closed], [1, 2504, 0, true])
  })
}

test('a line that was changed, removed, put in or moved is found and named, wherever it stands', () => {
  const lines = write(jsonFormat(''), LINES)
  assert.equal(verify(lines).findings, 0)
  const signed = lines.flatMap((line, at) => (readCheckpoint(line) === undefined ? [] : [at]))
  assert.ok(signed.length > 10)
  // All around each checkpoint, at both ends, and anywhere.
  const places = new Set([0, 1, 2, lines.length - 2, lines.length - 1])
  for (const at of signed)
    for (const near of [at - 1, at, at + 1]) if (near >= 0 && near < lines.length) places.add(near)
  for (let i = 0; i < 20; i++) places.add(randomInt(lines.length))
  for (const at of places) {
    const line = lines[at] ?? Buffer.alloc(0)
    const isLast = at === lines.length - 1
    const named = (changed: readonly Buffer[], what: string, near: readonly number[]): void => {
      const { found } = verify(changed, { complete: true })
      assert.ok(found.length > 0, `${what} of line ${at + 1} was not found`)
      assert.ok(
        found.some((one) => near.includes(one.line)),
        `${what} of line ${at + 1} was found at ${found.map((one) => one.line).join(', ')}`,
      )
    }
    for (let i = 0; i < 2; i++) named(lines.with(at, flipped(line)), 'a change', [at + 1])
    if (!isLast) named(lines.toSpliced(at, 1), 'the removal', [at + 1])
    // A log without its end is one that goes on: see below.
    else assert.equal(verify(lines.slice(0, at)).closed, false)
    named(lines.toSpliced(at, 0, Buffer.from('{"type":"request"}')), 'the insertion of another line', [at + 1])
    named(lines.toSpliced(at, 0, line), 'the insertion of the same line', [at + 1, at + 2])
    if (!isLast) named(lines.with(at, lines[at + 1] ?? line).with(at + 1, line), 'the exchange', [at + 1, at + 2])
  }
})

/**
 * What the verifier keeps of lines that fit is the last one's number and hash: what it says of a line is decided by its neighbours. So
 * each line is tampered with among these, which takes seconds; the test before this one reads the whole log, at some of the lines.
 */
test('there is no line of ten thousand that can be changed, removed, repeated, exchanged or put in', () => {
  const lines = write(jsonFormat(''), LINES)
  assert.equal(verify(lines).findings, 0)
  let tried = 0
  for (const [at, line] of lines.entries()) {
    const from = Math.max(0, at - 2)
    const to = Math.min(lines.length, at + 5)
    const near = lines.slice(from, to)
    const options = { partial: from > 0, complete: to === lines.length }
    assert.equal(verify(near, options).findings, 0)
    const here = at - from
    const next = lines[at + 1]
    const tampered = {
      'a change': near.with(here, flipped(line)),
      'the insertion of another line': near.toSpliced(here, 0, Buffer.from('{"type":"request"}')),
      repetition: near.toSpliced(here, 0, line),
      ...(next !== undefined && {
        'the removal': near.toSpliced(here, 1),
        'the exchange': near.with(here, next).with(here + 1, line),
      }),
    }
    for (const [what, changed] of Object.entries(tampered)) {
      assert.ok(verify(changed, options).findings > 0, `${what} of line ${at + 1} was not found`)
      tried++
    }
  }
  assert.ok(tried > 5 * LINES)
})

/** Each byte of one line: nothing of it, whatever it says, can be another. */
test('every byte of an entry and of a checkpoint counts', () => {
  const lines = write(jsonFormat(''), 30)
  for (const at of [0, 7, lines.length - 1]) {
    const line = lines[at] ?? Buffer.alloc(0)
    for (let byte = 0; byte < line.length; byte++) {
      const changed = Buffer.from(line)
      changed[byte] = (changed[byte] ?? 0) ^ 1
      assert.ok(verify(lines.with(at, changed), { complete: true }).findings > 0, `byte ${byte} of line ${at + 1}`)
    }
  }
})

test('an end that was cut off is found up to the last checkpoint, and told of beyond it', () => {
  const lines = write(jsonFormat(''), 2500)
  const cut = lines.slice(0, 2000)
  const { findings, unsigned, closed } = verify(cut)
  assert.equal(findings, 0)
  assert.ok(unsigned > 0 && unsigned < CHECKPOINT_EVERY)
  assert.equal(closed, false)
  assert.equal(verify(cut, { complete: true }).findings, 1)
})

test('lines with hashes that fit, made without the key, are found by the checkpoint that is not theirs', () => {
  const lines = write(jsonFormat(''), 3000)
  const other = generateKeyPairSync('ed25519').privateKey
  const at = 500
  const before = verify(lines.slice(0, at))
  assert.equal(before.findings, 0)
  const forger = (key: typeof privateKey, keyName: string): Buffer[] => {
    const { hash: end, n } = pointAt(lines, at)
    const chain = new Chain(
      {
        format: jsonFormat(''),
        signer: { id: keyName, privateKey: key },
        clock: new FakeClock(),
        newId: uuid,
        remember: () => {},
      },
      { after: { id: 'x', n, hash: end }, known: undefined, reason: 'start', top: false },
    )
    const text = Array.from({ length: 3000 }, (_, i) => `{"type":"request","n":${i}}\n`).join('')
    return [...linesOf(chain.link(Buffer.from(text)))].map((line) => Buffer.from(line))
  }
  const signedByAnother = verify([...lines.slice(0, at), ...forger(other, 'ffff')])
  assert.match(signedByAnother.found[0]?.text ?? '', /the key ffff, which is not at hand/)
  assert.match(verify([...lines.slice(0, at), ...forger(other, id)]).found[0]?.text ?? '', /signature is wrong/)
  const unsigned = forger(other, id).filter((line) => readCheckpoint(line) === undefined)
  assert.ok(verify([...lines.slice(0, at), ...unsigned]).findings > 0)
})

function pointAt(lines: readonly Buffer[], count: number): { readonly n: number; readonly hash: string } {
  const last = lines[count - 1] ?? Buffer.alloc(0)
  const known: Known[] = []
  const chain = chainOf(jsonFormat(''), (one) => known.push(one))
  chain.link(Buffer.from(''))
  chain.confirm()
  assert.equal(known.length, 1)
  const [, n = ''] = /"n":(\d+)/.exec(last.toString()) ?? []
  return { n: Number(n), hash: sha256(last) }
}

test('without a checkpoint for longer than there ever is none, that is found', () => {
  const lines = write(jsonFormat(''), 1500)
  const chain = chainOf(jsonFormat(''))
  chain.link(Buffer.from(''))
  // The first checkpoint is the only one: lines made up behind it, with hashes that fit.
  const made = [lines[0] ?? Buffer.alloc(0)]
  for (let i = 0; i < 1200; i++) {
    const last = made.at(-1) ?? Buffer.alloc(0)
    const [, segment = ''] = /"id":"([^"]+)"/.exec(last.toString()) ?? []
    made.push(Buffer.from(`{"chain":{"id":"${segment}","n":${i + 2},"prev":"${sha256(last)}"},"type":"request"}`))
  }
  const { found } = verify(made)
  assert.equal(found.length, 1)
  assert.match(found[0]?.text ?? '', /no checkpoint for more than 1000 lines/)
})

test('a write that left nothing is made again with the same numbers; one of which nobody knows begins a segment', () => {
  const chain = chainOf(jsonFormat(''))
  const log: Buffer[] = []
  const put = (text: string): Buffer[] => [...linesOf(chain.link(Buffer.from(text)))].map((line) => Buffer.from(line))
  log.push(...put('{"a":1}\n{"a":2}\n'))
  chain.confirm()
  put('{"a":3}\n')
  chain.withdraw()
  log.push(...put('{"a":3}\n'))
  chain.confirm()
  assert.deepEqual(verify(log).notes, [])
  // Two whole lines and a part of a third arrived before it failed.
  const lost = put('{"a":4}\n{"a":5}\n{"a":6}\n')
  chain.abandon()
  log.push(...lost.slice(0, 2), lost[2]?.subarray(0, 40) ?? Buffer.alloc(0))
  chain.want('close')
  log.push(...put('{"a":4}\n{"a":5}\n{"a":6}\n'))
  chain.confirm()
  const { found, notes, segments } = verify(log)
  assert.deepEqual(found, [])
  assert.match(notes[0]?.text ?? '', /a write failed before it: 2 line/)
  assert.equal(segments, 2)
  // What stands there now cannot be blamed on the failed write alone.
  assert.ok(verify(log.toSpliced(2, 1)).findings > 0)
})

function flipped(line: Buffer): Buffer {
  const changed = Buffer.from(line)
  const at = randomInt(line.length)
  changed[at] = (changed[at] ?? 0) ^ 1
  return changed
}

function sha256(bytes: Buffer): string {
  return hash('sha256', bytes, 'hex')
}
