import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { textOf, tree } from '../tree.ts'
import { asQuery, asStrings, parsePairs } from './pairs.ts'

const folder = mkdtempSync(join(tmpdir(), 'coffer-pairs-'))
after(() => rmSync(folder, { recursive: true }))

async function json(args: readonly string[], stdin = ''): Promise<string> {
  return textOf(tree(await parsePairs(args, async () => stdin)))
}

test('keys and values', async () => {
  assert.equal(await json(['a=b', 'c=', 'd=e=f', '=g', '']), '{"a":"b","c":"","d":"e=f","":"g"}')
  assert.equal(await json(['a=1', '__proto__=2']), '{"a":"1","__proto__":"2"}')
})

test('a key given again makes a list', async () => {
  assert.equal(await json(['a=1', 'a=2', 'a=3']), '{"a":["1","2","3"]}')
  assert.equal(await json(['-', 'a=2'], '{"a":1.0}'), '{"a":[1.0,"2"]}')
  assert.equal(await json(['-', 'a=2'], '{"a":[0]}'), '{"a":[0,"2"]}')
})

test('files and stdin', async () => {
  const text = join(folder, 'text')
  const data = join(folder, 'data.json')
  writeFileSync(text, 'line\n')
  writeFileSync(data, '{"big": 9007199254740993, "n": null}')
  assert.equal(await json([`a=@${text}`]), '{"a":"line\\n"}')
  assert.equal(await json(['a=\\@home', 'b=\\x']), '{"a":"@home","b":"\\\\x"}')
  assert.equal(await json([`@${data}`, 'x=1']), '{"big":9007199254740993,"n":null,"x":"1"}')
  assert.equal(await json(['a=-'], 'from stdin\n'), '{"a":"from stdin\\n"}')
})

test('complaints name the argument, but not a value that may be secret', async () => {
  await assert.rejects(json(['b']), { message: 'invalid key/value pair "b": format must be key=value' })
  await assert.rejects(json(['a=-', 'b=-']), { message: 'invalid key/value pair "b=-": stdin already consumed' })
  await assert.rejects(
    json(['a=@/no/such/file']),
    /^Error: invalid key\/value pair "a=@\/no\/such\/file": error reading file: ENOENT/,
  )
  await assert.rejects(json(['-'], '[1]'), { message: 'invalid key/value pair "-": it must hold a JSON object' })
  await assert.rejects(json(['-'], '{"password":"hunter2'), (error: Error) => !error.message.includes('hunter2'))
})

test('parameters and settings are text', async () => {
  const pairs = await parsePairs(['-', 'c=3'], async () => '{"a":["x","y"],"b":1.0,"d":{"e":true}}')
  assert.deepEqual(asQuery(pairs), [
    ['a', 'x'],
    ['a', 'y'],
    ['b', '1.0'],
    ['d', '{"e":true}'],
    ['c', '3'],
  ])
  assert.equal(asStrings(pairs).get('b'), '1.0')
})
