import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { CliFailure } from '../failure.ts'
import type { CliIo } from '../io.ts'
import { askHidden } from './prompt.ts'

/** A terminal that is typed on, and what it was told. */
function terminal(): { io: CliIo; type: (keys: string) => void; log: string[] } {
  const log: string[] = []
  const stdin = Object.assign(new PassThrough(), { setRawMode: (raw: boolean) => log.push(`raw ${raw}`) })
  const stderr = { write: (text: string) => log.push(JSON.stringify(text)) }
  const none = async (): Promise<number> => 0
  return {
    log,
    type: (keys) => stdin.write(keys),
    io: {
      stdin,
      stdout: stderr,
      stderr,
      env: {},
      isTty: { stdin: true, stdout: true, stderr: true },
      home: '/',
      version: '0',
      sleep: async () => {},
      commands: { server: none, migrate: none, diagnose: none },
    },
  }
}

test('what is typed is the answer, with corrections, and the terminal is left as it was', async () => {
  const { io, type, log } = terminal()
  const answer = askHidden(io, 'Key: ')
  type('wrong\x15abx')
  type('\x7fcé\r')
  assert.equal(await answer, 'abcé')
  assert.deepEqual(log, ['raw true', '"Key: "', 'raw false', '"\\n"'])
})

test('a paste with its newline is one answer', async () => {
  const { io, type } = terminal()
  const answer = askHidden(io, '')
  type('pasted\nmore')
  assert.equal(await answer, 'pasted')
})

test('Ctrl-C ends the question', async () => {
  const { io, type, log } = terminal()
  const answer = askHidden(io, '')
  type('half\x03')
  await assert.rejects(answer, (error) => error instanceof CliFailure && error.exitCode === 1)
  assert.ok(log.includes('raw false'))
})

test('without a terminal nothing is asked', async () => {
  const { io } = terminal()
  await assert.rejects(askHidden({ ...io, isTty: { ...io.isTty, stdin: false } }, 'Key: '), /stdin is not a terminal/)
})
