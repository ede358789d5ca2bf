import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CliFailure } from '../failure.ts'
import { flag } from './flag.ts'
import { parseFlags } from './parse.ts'

const flags = {
  force: flag.bool({ usage: '', aliases: ['f'] }),
  renewable: flag.bool({ usage: '', initial: true }),
  'cas-required': flag.maybeBool({ usage: '' }),
  cas: flag.int({ usage: '', initial: -1 }),
  threshold: flag.uint({ usage: '' }),
  mount: flag.string({ usage: '', env: 'MOUNT' }),
  ttl: flag.duration({ usage: '', env: 'TTL' }),
  policy: flag.list({ usage: '', env: 'POLICY' }),
  metadata: flag.map({ usage: '' }),
}

const noEnv = (): undefined => undefined

function parse(...args: string[]): { values: Record<string, unknown>; given: string[]; rest: readonly string[] } {
  const parsed = parseFlags(flags, args, noEnv)
  return { values: Object.fromEntries(parsed.values), given: [...parsed.given], rest: parsed.rest }
}

function complaint(...args: string[]): string {
  try {
    parse(...args)
  } catch (error) {
    assert.ok(error instanceof CliFailure)
    assert.equal(error.exitCode, 1)
    return error.message
  }
  assert.fail(`${args.join(' ')} was taken`)
}

test('a flag takes its value behind = or as the next argument, with one dash or two', () => {
  for (const args of [['-mount=a'], ['--mount=a'], ['-mount', 'a'], ['--mount', 'a']]) {
    assert.equal(parse(...args).values['mount'], 'a')
  }
  assert.equal(parse('-mount=a=b=').values['mount'], 'a=b=')
  assert.equal(parse('-mount', '-cas').values['mount'], '-cas')
  assert.equal(parse('-cas=-1', '-mount=').values['mount'], '')
})

test('a boolean stands alone or behind =, and never eats an argument', () => {
  assert.deepEqual(parse('-force', 'false').rest, ['false'])
  assert.equal(parse('-force').values['force'], true)
  assert.equal(parse('-f').values['force'], true)
  assert.equal(parse('-renewable=false').values['renewable'], false)
  assert.equal(parse('-cas-required=0').values['cas-required'], false)
  assert.equal(parse().values['cas-required'], undefined)
})

test('flags end at the first other argument, at a lone dash and behind two', () => {
  assert.deepEqual(parse('-force', 'path', '-cas=1').rest, ['path', '-cas=1'])
  assert.deepEqual(parse('-', '-cas=1').rest, ['-', '-cas=1'])
  assert.deepEqual(parse('--', '-cas=1').rest, ['-cas=1'])
  assert.deepEqual(parse('', '-cas=1').rest, ['', '-cas=1'])
})

test('a list and a map grow, anything else keeps its last value', () => {
  const { values, given } = parse(
    '-policy=a',
    '-policy',
    'b,c',
    '-metadata=x=1',
    '-metadata=y=2=3',
    '-metadata=x=4',
    '-cas=1',
    '-cas=2',
  )
  assert.deepEqual(values['policy'], ['a', 'b,c'])
  assert.deepEqual(
    [...(values['metadata'] as Map<string, string>)],
    [
      ['x', '4'],
      ['y', '2=3'],
    ],
  )
  assert.equal(values['cas'], 2)
  assert.deepEqual(given, ['policy', 'metadata', 'cas'])
})

test('durations are seconds, and system is minus one', () => {
  const seconds: [string, number][] = [
    ['90', 90],
    ['1h30m', 5400],
    ['2d', 172_800],
    ['1.5s', 1.5],
    ['', 0],
    ['system', -1],
    ['-1', -1],
  ]
  for (const [text, expected] of seconds) assert.equal(parse(`-ttl=${text}`).values['ttl'], expected, text)
})

test('the environment gives what the command line does not; what cannot be read there is passed over', () => {
  const env = new Map([
    ['MOUNT', 'apps'],
    ['TTL', 'soon'],
    ['POLICY', 'a, b'],
  ])
  const { values, given } = parseFlags(flags, ['-ttl=1m'], (suffix) => env.get(suffix))
  assert.equal(values.get('mount'), 'apps')
  assert.deepEqual(values.get('policy'), ['a', 'b'])
  assert.deepEqual([...given], ['ttl'])
  assert.equal(parseFlags(flags, [], (suffix) => env.get(suffix)).values.get('ttl'), 0)
  assert.deepEqual(parseFlags(flags, ['-policy=c'], (suffix) => env.get(suffix)).values.get('policy'), ['c'])
})

test('complaints name the flag and what it takes, and guess what was meant', () => {
  assert.equal(complaint('-mont=a'), 'flag provided but not defined: -mont. Did you mean -mount?')
  assert.equal(complaint('-zzzzzz'), 'flag provided but not defined: -zzzzzz')
  assert.equal(complaint('-cas'), 'flag needs an argument: -cas')
  assert.equal(complaint('-cas=x'), 'invalid value "x" for flag -cas: it takes a whole number')
  assert.equal(
    complaint('-cas=9007199254740993'),
    'invalid value "9007199254740993" for flag -cas: it takes a whole number',
  )
  assert.equal(
    complaint('-threshold=-1'),
    'invalid value "-1" for flag -threshold: it takes a whole number that is not negative',
  )
  assert.equal(complaint('-force=maybe'), 'invalid boolean value "maybe" for -force: it takes true or false')
  assert.match(complaint('-ttl=soon'), /^invalid value "soon" for flag -ttl: it takes a duration/)
  assert.equal(complaint('-metadata=x'), 'invalid value "x" for flag -metadata: missing = in KV pair: "x"')
  assert.equal(complaint('---cas=1'), 'bad flag syntax: ---cas=1')
  assert.equal(complaint('-=1'), 'bad flag syntax: -=1')
})

test('names that every object has are no flags', () => {
  for (const name of ['constructor', '__proto__', 'toString']) assert.match(complaint(`-${name}=1`), /not defined/)
})

test('however flags are written, the same values come out, and the rest is untouched', () => {
  const value = fc.string({ minLength: 1 }).filter((text) => !text.startsWith('-'))
  const item = fc.oneof(
    fc.tuple(fc.constant('mount'), value),
    fc.tuple(fc.constant('cas'), fc.integer().map(String)),
    fc.tuple(fc.constant('policy'), value),
    fc.tuple(fc.constant('force'), fc.constantFrom('true', 'false')),
  )
  const style = fc.record({ dashes: fc.constantFrom('-', '--'), joined: fc.boolean() })
  fc.assert(
    fc.property(fc.array(fc.tuple(item, style)), fc.array(fc.string()), (items, rest) => {
      const args = items.flatMap(([[name, text], { dashes, joined }]) =>
        joined || name === 'force' ? [`${dashes}${name}=${text}`] : [`${dashes}${name}`, text],
      )
      const { values, rest: left } = parse(...args, '--', ...rest)
      const last = (name: string): string | undefined => items.findLast(([[each]]) => each === name)?.[0][1]
      assert.deepEqual(left, rest)
      assert.equal(values['mount'], last('mount') ?? '')
      assert.equal(values['cas'], Number(last('cas') ?? -1))
      assert.equal(values['force'], last('force') === 'true')
      assert.deepEqual(
        values['policy'],
        items.filter(([[name]]) => name === 'policy').map(([[, text]]) => text.trim()),
      )
    }),
  )
})

test('no arguments make the parser throw anything but a complaint', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string(), fc.constantFrom('-cas', '-force=', '-policy', '--', '-', '-ttl=1h'))),
      (args) => {
        try {
          parse(...args)
        } catch (error) {
          assert.ok(error instanceof CliFailure, String(error))
        }
      },
    ),
  )
})
