/**
 * Every transcript below test/e2e/cli, against a server started for it, or against any other that COFFER_TEST_ADDR and
 * COFFER_TEST_TOKEN name (COFFER_TEST_RAW_ADDR: one that is not initialized). `COFFER_GOLDEN=write` writes the transcripts anew, for a look at what changed.
 */
import assert from 'node:assert/strict'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, test } from 'node:test'
import { startServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'
import { parseTranscript, runStep } from './cli/transcript.ts'
import type { Place } from './cli/transcript.ts'

const other = process.env['COFFER_TEST_ADDR']
const rawOther = process.env['COFFER_TEST_RAW_ADDR']
const folder = join(import.meta.dirname, 'cli')
let shared: TestServer | undefined

before(async () => {
  if (other !== undefined) return
  shared = await startServer({ storage: 'inmem' })
  await shared.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
})
after(async () => {
  await shared?.[Symbol.asyncDispose]()
})

const staticSeal = `seal "static" {\n  current_key_id = "a"\n  current_key = "${'5a'.repeat(32)}"\n}`

for (const file of globSync('*.txt', { cwd: folder }).toSorted()) {
  const path = join(folder, file)
  const text = readFileSync(path, 'utf8')
  const raw = text.startsWith('# A server that is not initialized')
  const seal = text.startsWith('# A server that is not initialized and unseals by itself') ? staticSeal : ''
  const skip =
    raw && other !== undefined && rawOther === undefined ? 'it needs a server that is not initialized' : false
  test(`transcript ${basename(file, '.txt')}`, { skip }, async () => {
    const now = raw
      ? await onRawServer(text, seal)
      : await replay(text, other ?? shared?.address ?? '', process.env['COFFER_TEST_TOKEN'] ?? shared?.token ?? '')
    if (process.env['COFFER_GOLDEN'] === 'write') writeFileSync(path, now)
    else assert.equal(now, text)
  })
}

async function onRawServer(text: string, config: string): Promise<string> {
  if (rawOther !== undefined) return replay(text, rawOther, '')
  await using server = await startServer({ raw: true, storage: 'inmem', config })
  // Awaited here: the server lives no longer than this function.
  return await replay(text, server.address, '')
}

async function replay(text: string, address: string, root: string): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'coffer-cli-'))
  const place: Place = {
    address,
    home: dir,
    kept: new Map([
      ['address', address],
      ['root', root],
      ['dir', dir],
    ]),
  }
  if (root !== '') writeFileSync(join(dir, '.vault-token'), root, { mode: 0o600 })
  try {
    const out: string[] = []
    for (const part of parseTranscript(text)) {
      if (part.kind === 'text') out.push(part.text)
      else if (part.kind === 'file') {
        writeFileSync(join(dir, part.name), part.text)
        out.push('', part.source)
      } else {
        const below = await runStep(part.step, place)
        out.push('', part.source, ...(below === '' ? [] : [below]))
      }
    }
    return `${out.join('\n')}\n`
  } finally {
    rmSync(dir, { recursive: true })
  }
}
