import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { testEngine } from '../../../../../../test/support/engine.ts'
import { kvV2 } from '../../engine.ts'

const NUMBERS = [
  '9007199254740993',
  '1.0',
  '12345678901234567890',
  '0.1',
  '1e400',
  '-0',
  '1E5',
  '1e-400',
  '0.10000000000000000555',
]

const blank = fc.constantFrom('', '', '', ' ', '\n', '\t ', '  ')
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }).map((value) => JSON.stringify(value)),
  fc.constantFrom('"__proto__"', '"constructor"', '"\\u0041"', '"\\ud800"', '"\\/"', '"\u2028"', '""', '"1"', '"a"'),
)

/** JSON as text, with all that parsing it would lose. */
const json: fc.Arbitrary<string> = fc
  .letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      text,
      fc.constantFrom(...NUMBERS, 'true', 'false', 'null'),
      tie('list'),
      tie('object'),
    ),
    list: fc
      .tuple(blank, fc.array(tie('value'), { maxLength: 4 }), blank)
      .map(([a, items, b]) => `[${a}${items.join(`${b},${a}`)}${b}]`),
    object: fc
      .tuple(blank, fc.array(fc.tuple(text, blank, tie('value')), { maxLength: 4 }), blank)
      .map(
        ([a, members, b]) =>
          `{${a}${members.map(([key, c, value]) => `${key}${c}:${c}${String(value)}`).join(`${b},${a}`)}${b}}`,
      ),
  }))
  .object.map(String)

suite('secret data', () => {
  test('comes back byte for byte', async () => {
    await using e = await testEngine(kvV2)
    await fc.assert(
      fc.asyncProperty(json, async (secret) => {
        assert.equal((await e.write('data/a', `{"data":${secret}}`)).status, 200)
        assert.equal((await e.read('data/a')).source('data', 'data'), secret)
      }),
    )
  })

  test('keeps every number as it was written', async () => {
    await using e = await testEngine(kvV2)
    const secret = `{${NUMBERS.map((number, i) => `"n${i}":${number}`).join(',')}}`
    await e.write('data/a', `{"data":${secret}}`)
    await e.patch('data/a', '{"data":{"n0":1.00,"new":-0.0}}')
    const patched = `${secret.replace(NUMBERS[0] ?? '', '1.00').slice(0, -1)},"new":-0.0}`
    assert.equal((await e.read('data/a')).source('data', 'data'), patched)
  })

  test('may nest as deep as a request', async () => {
    await using e = await testEngine(kvV2)
    const deep = `${'{"a":'.repeat(62)}1${'}'.repeat(62)}`
    assert.equal((await e.write('data/a', `{"data":${deep}}`)).status, 200)
    assert.equal((await e.read('data/a')).source('data', 'data'), deep)
    assert.equal((await e.read('subkeys/a')).source('data', 'subkeys'), deep.replace('1', 'null'))
    assert.equal((await e.write('data/a', `{"data":{"a":${deep}}}`)).status, 200)
    assert.equal((await e.write('data/a', `{"data":{"a":{"a":${deep}}}}`)).status, 400)
  })

  test('is never repeated by a refusal', async () => {
    await using e = await testEngine(kvV2)
    const bodies = [
      '{"data":"canary"}',
      '{"data":["canary"]}',
      '{"data":{"a":"canary"},"options":"canary"}',
      '{"data":{"canary"',
    ]
    for (const body of [...bodies, '{"data":{"a":"canary"},"options":{"cas":"canary"}}']) {
      const answer = await e.write('data/a', body)
      assert.equal(answer.status, 400)
      assert.ok(!answer.text.includes('canary'), answer.text)
    }
    assert.deepEqual(await e.storedKeys(), [])
  })

  test('lives until its time, then is gone', async () => {
    await using e = await testEngine(kvV2)
    await e.write('metadata/a', { delete_version_after: '90s' })
    const written = await e.write('data/a', { data: { x: 1 } })
    assert.equal(written.source('data', 'deletion_time'), '"2026-01-01T00:01:30.000Z"')
    await e.clock.advance(89_999)
    assert.equal((await e.read('data/a')).status, 200)
    await e.clock.advance(1)
    const gone = await e.read('data/a')
    assert.equal(gone.status, 404)
    assert.equal(gone.source('data', 'data'), 'null')
    assert.equal(gone.source('data', 'metadata', 'deletion_time'), '"2026-01-01T00:01:30.000Z"')
    assert.equal((await e.patch('data/a', { data: {} })).status, 404)
    await e.write('undelete/a', { versions: [1] })
    assert.equal((await e.read('data/a')).source('data', 'metadata', 'deletion_time'), '"2026-01-01T00:03:00.000Z"')
  })

  test('stays deleted when the clock is set back', async () => {
    await using e = await testEngine(kvV2)
    await e.write('data/a', { data: { x: 1 } })
    await e.delete('data/a')
    e.clock.jump(-3_600_000)
    assert.equal((await e.read('data/a')).status, 404)
  })

  test('has a path of any name', async () => {
    await using e = await testEngine(kvV2)
    const names = [
      'a',
      'a/b',
      'a/0000000001',
      'sp ace',
      'é',
      '😀',
      'user..aaa',
      '__proto__',
      'constructor',
      'x'.repeat(512),
    ]
    for (const name of names) assert.equal((await e.write(`data/${name}`, { data: { name } })).status, 200, name)
    for (const name of names)
      assert.equal((await e.read(`data/${name}`)).source('data', 'data'), JSON.stringify({ name }))
    for (const name of ['..', '.', 'a/../b', 'a//b', 'a\0b', 'a\nb', 'x'.repeat(33_000)]) {
      assert.equal((await e.write(`data/${name}`, { data: {} })).status, 400, name.slice(0, 20))
    }
  })
})

suite('writers of one secret', () => {
  const writers = 50

  test('that check and set: one wins each version', async () => {
    await using e = await testEngine(kvV2)
    for (let round = 0; round < 4; round++) {
      const answers = await Promise.all(
        Array.from({ length: writers }, (_, i) => e.write('data/a', { data: { round, i }, options: { cas: round } })),
      )
      const winners = answers.filter((answer) => answer.status === 200)
      assert.equal(winners.length, 1)
      assert.equal(winners[0]?.source('data', 'version'), String(round + 1))
      for (const answer of answers) {
        if (answer.status !== 200)
          assert.deepEqual(answer.errors, ['check-and-set parameter did not match the current version'])
      }
    }
  })

  test('that do not: each gets a version of its own', async () => {
    await using e = await testEngine(kvV2)
    const answers = await Promise.all(Array.from({ length: writers }, (_, i) => e.write('data/a', { data: { i } })))
    const versions = answers.map((answer) => Number(answer.source('data', 'version'))).toSorted((a, b) => a - b)
    assert.deepEqual(
      versions,
      Array.from({ length: writers }, (_, i) => i + 1),
    )
    assert.equal((await e.storedKeys()).length, 11)
  })

  test('that patch: no change is lost', async () => {
    await using e = await testEngine(kvV2)
    await e.write('data/a', { data: {} })
    await Promise.all(Array.from({ length: writers }, (_, i) => e.patch('data/a', { data: { [`n${i}`]: i } })))
    const data = (await e.read('data/a')).source('data', 'data') ?? ''
    assert.equal(Object.keys(JSON.parse(data)).length, writers)
  })

  test('while others remove it: nothing is left over', async () => {
    await using e = await testEngine(kvV2)
    await Promise.all(
      Array.from({ length: writers }, (_, i) =>
        i % 5 === 4 ? e.delete('metadata/a') : e.write('data/a', { data: { i } }),
      ),
    )
    await e.delete('metadata/a')
    assert.deepEqual(await e.storedKeys(), [])
  })
})
