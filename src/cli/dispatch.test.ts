import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commandTable, groups } from './commands.ts'
import { dispatch } from './dispatch.ts'
import { nearest } from '../lib/nearest.ts'
import { commandHelp, groupHelp, overview } from './help/help.ts'

function nameOf(...argv: string[]): string | undefined {
  const found = dispatch(argv)
  return found.kind === 'command' ? found.row.name : undefined
}

test('the longest name that is a command counts, and the rest are its arguments', () => {
  const found = dispatch(['kv', 'metadata', 'get', '-mount=secret', 'foo'])
  assert.ok(found.kind === 'command')
  assert.equal(found.row.name, 'kv metadata get')
  assert.deepEqual(found.args, ['-mount=secret', 'foo'])
  assert.equal(nameOf('kv', 'get', 'metadata'), 'kv get')
  assert.equal(nameOf('list', 'kv get'), 'list')
  assert.equal(nameOf('-version'), 'version')
})

test('help is asked for by any of three flags, unless behind two dashes', () => {
  for (const flag of ['-h', '-help', '--help']) assert.equal(dispatch(['kv', 'get', 'foo', flag]).help, true)
  assert.equal(dispatch(['kv', 'put', '--', 'foo', '-h']).help, false)
})

test('flags in front of a command are noticed', () => {
  const found = dispatch(['-address=x', 'kv', 'get'])
  assert.ok(found.kind === 'command' && found.strayFlags)
  const asked = dispatch(['-h', 'kv', 'get'])
  assert.ok(asked.kind === 'command' && !asked.strayFlags && asked.help)
})

test('what is unknown is answered by what may have been meant', () => {
  const command = dispatch(['kvv'])
  assert.ok(command.kind === 'none')
  assert.equal(command.complaint, 'coffer has no command "kvv". Did you mean "kv"?')
  const sub = dispatch(['kv', 'metdata', 'get'])
  assert.ok(sub.kind === 'group')
  assert.equal(sub.complaint, '"coffer kv" has no subcommand "metdata". Did you mean "metadata"?')
})

test('every command loads, says what it does, and lists its flags in its help', async () => {
  for (const row of commandTable) {
    if (typeof row.load === 'string') continue
    const { command } = await row.load()
    const help = commandHelp(row.name, command)
    assert.ok(help.startsWith(`Usage: coffer ${row.name}`), row.name)
    for (const [name, flag] of Object.entries(command.flags ?? {})) {
      assert.ok(help.includes(`\n  -${name}`), `${row.name}: -${name} is not in the help`)
      assert.ok(flag.usage.endsWith('.'), `${row.name}: -${name} has no sentence`)
    }
    for (const line of help.split('\n')) assert.ok(line.length <= 128, `${row.name}: ${line}`)
  }
})

test('every command is reached from the overview, and every group has a page', () => {
  for (const { name } of commandTable) {
    const words = name.split(' ')
    const parent = words.slice(0, -1).join(' ')
    const page = parent === '' ? overview() : groupHelp(parent)
    if (name !== 'version') assert.match(page, new RegExp(`^    ${words.at(-1)} `, 'm'), name)
    if (parent !== '')
      assert.ok(
        groups.some((group) => group.name === parent),
        `no group for ${name}`,
      )
  }
})

test('the table is sorted and holds each name once', () => {
  for (const rows of [commandTable, groups]) {
    const names = rows.map(({ name }) => name)
    assert.deepEqual(names, [...new Set(names)].toSorted())
  }
})

test('no command is so near to another that a slip would be answered by the wrong one', () => {
  const names = commandTable.map(({ name }) => name)
  for (const name of names) assert.equal(nearest(name, names), name)
})
