import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseForm } from './form.ts'

const form = (text: string) => {
  const fields = parseForm(Buffer.from(text))
  return fields && Object.fromEntries(fields)
}

test('a form’s fields, decoded', () => {
  assert.deepEqual(form(''), {})
  assert.deepEqual(form('a=1&b=&c&&d=x%20y+z%2B%3D'), { a: '1', b: '', c: '', d: 'x y z+=' })
  assert.deepEqual(form('a=1&a=2&b=a%2Cb'), { a: '1,2', b: 'a,b' })
  assert.deepEqual(form('redirect_uri=http%3A%2F%2Fa%2Fcb%3Fx%3Dy%26z'), { redirect_uri: 'http://a/cb?x=y&z' })
})

test('what is no form', () => {
  assert.equal(form('a=%zz'), undefined)
  assert.equal(form('a=%e9'), undefined)
  assert.equal(parseForm(Uint8Array.of(0x61, 0x3d, 0xff)), undefined)
  assert.equal(form(Array.from({ length: 1001 }, (_, i) => `f${i}=`).join('&')), undefined)
})

test('a field may be called like a member of every object', () => {
  assert.deepEqual(
    [...(parseForm(Buffer.from('__proto__=1&constructor=2')) ?? [])],
    [
      ['__proto__', '1'],
      ['constructor', '2'],
    ],
  )
})
