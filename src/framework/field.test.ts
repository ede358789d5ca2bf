import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CofferError } from '../errors/coffer-error.ts'
import { membersOf, RawJson } from '../lib/json/index.ts'
import { f, objectSchema } from './f.ts'
import { parseFields } from './field.ts'

function members(text: string) {
  return membersOf(new RawJson(text)) ?? new Map()
}

function refusal(code: string, message: string) {
  return (error: unknown) => {
    assert.ok(error instanceof CofferError)
    assert.equal(error.code, code)
    assert.equal(error.status, 400)
    assert.deepEqual(error.messages, [message])
    return true
  }
}

suite('fields', () => {
  test('give each declared name its value and pass the others over', () => {
    const fields = { ttl: f.duration(), names: f.strings().default([]), on: f.bool().optional() }
    assert.deepEqual(parseFields(fields, members('{"ttl":"1m","other":1}')), { ttl: 60, names: [], on: undefined })
  })

  test('refuse with the name and what it takes, never with the value', () => {
    const parse = (text: string) => () => parseFields({ count: f.int() }, members(text))
    assert.throws(parse('{"count":"canary"}'), refusal('REQUEST_FIELD', 'field "count" takes a whole number'))
    assert.throws(parse('{}'), refusal('REQUEST_MISSING_FIELD', 'missing required field "count"'))
    assert.throws(parse('{"count":null}'), refusal('REQUEST_MISSING_FIELD', 'missing required field "count"'))
  })

  test('take null for absent unless they tell the two apart', () => {
    const fields = { a: f.int().default(7), b: f.int().optional(), c: f.int().orNull(), d: f.map().orNull() }
    assert.deepEqual(parseFields(fields, members('{"a":null,"b":null,"c":null,"d":null}')), {
      a: 7,
      b: undefined,
      c: null,
      d: null,
    })
    assert.deepEqual(parseFields(fields, members('{}')), { a: 7, b: undefined, c: undefined, d: undefined })
    assert.deepEqual(parseFields({ c: fields.c }, members('{"c":5}')), { c: 5 })
  })

  test('can be restricted, before and after they are made optional', () => {
    const count = f.int().check('1 to 3', (value) => value >= 1 && value <= 3)
    assert.equal(count.parse('2', 'count'), 2)
    assert.throws(() => count.parse('4', 'count'), refusal('REQUEST_FIELD', 'field "count" takes 1 to 3'))
    assert.throws(() => count.orNull().parse('4', 'count'), refusal('REQUEST_FIELD', 'field "count" takes 1 to 3'))
    assert.equal(count.tryParse('4'), undefined)
    assert.equal(count.optional().parse(undefined, 'count'), undefined)
  })

  test('nest', () => {
    const field = f.object({ cas: f.json().orNull() })
    assert.equal(field.parse(new RawJson('{"cas":1.0}'), 'options').cas?.text, '1.0')
    assert.equal(field.parse(new RawJson('{"cas":null}'), 'options').cas, null)
    assert.equal(field.parse(new RawJson('{}'), 'options').cas, undefined)
    assert.throws(
      () => field.parse(new RawJson('"x"'), 'options'),
      refusal('REQUEST_FIELD', 'field "options" takes an object'),
    )
    assert.deepEqual(f.array(f.int()).parse(new RawJson('[1,"2"]'), 'list'), [1, 2])
  })

  test('know names, choices and times', () => {
    assert.equal(f.name().tryParse('a.b-c_d'), 'a.b-c_d')
    for (const bad of ['', '.a', 'a-', 'a b', 'a/b']) assert.equal(f.name().tryParse(bad), undefined, bad)
    assert.equal(f.enum(['on', 'off']).tryParse('off'), 'off')
    assert.equal(f.enum(['on', 'off']).tryParse('OFF'), undefined)
    assert.equal(f.lower().tryParse('ABC'), 'abc')
    assert.equal(f.time().tryParse('2026-01-01T00:00:00Z'), '2026-01-01T00:00:00Z')
    assert.equal(f.time().tryParse('yesterday'), undefined)
    assert.equal(f.number().tryParse('1.5'), 1.5)
    assert.equal(f.number().tryParse('x'), undefined)
  })

  test('describe themselves', () => {
    const fields = {
      name: f.string('Its name.'),
      ttl: f.duration('How long.').default(60),
      old: f.bool().optional().deprecated(),
    }
    assert.deepEqual(objectSchema(fields), {
      type: 'object',
      properties: {
        name: { type: 'string', description: 'Its name.' },
        ttl: { type: 'integer', format: 'seconds', description: 'How long.', default: 60 },
        old: { type: 'boolean', description: '', deprecated: true },
      },
      required: ['name'],
    })
  })
})
