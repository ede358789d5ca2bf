import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { decodeBase64, fromBase64Url } from './base64.ts'

suite('base64', () => {
  test('gives back what was encoded', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        assert.deepEqual(decodeBase64(Buffer.from(bytes).toString('base64')), Buffer.from(bytes))
      }),
    )
  })

  test('passes over line ends alone', () => {
    assert.deepEqual(decodeBase64('aGVs\r\nbG8=\n'), Buffer.from('hello'))
    assert.deepEqual(decodeBase64('YQ=\n='), Buffer.from('a'))
    assert.equal(decodeBase64('aGVs bG8='), 4)
  })

  /** Places as Go tells them. */
  for (const [text, at] of [
    ['!', 0],
    ['a!', 1],
    ['YQ', 0],
    ['YWI', 0],
    ['aaaaY', 4],
    ['-_-_', 0],
    ['aGVs_G8=', 4],
    ['YQ==YQ==', 4],
    ['Y===', 1],
    ['YQ=a', 2],
    ['YQ=', 3],
    ['=', 0],
    ['YWI=x', 4],
    ['é===', 0],
  ] as const) {
    test(`refuses ${JSON.stringify(text)} at ${at}`, () => assert.equal(decodeBase64(text), at))
  }

  test('takes nothing that is not base64', () => {
    const text = fc.string({ unit: fc.constantFrom(...'AZaz09+/-_= \n!é'), maxLength: 12 })
    fc.assert(
      fc.property(text, (input) => {
        const strict = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(
          input.replaceAll('\n', ''),
        )
        assert.equal(typeof decodeBase64(input) !== 'number', strict, input)
      }),
      { numRuns: 2000 },
    )
  })

  test('for URLs has no padding', () => {
    assert.deepEqual(fromBase64Url('_-8'), Buffer.from([0xff, 0xef]))
    for (const text of ['_-8=', 'a+b', 'a', 'a b']) assert.equal(fromBase64Url(text), undefined, text)
  })
})
