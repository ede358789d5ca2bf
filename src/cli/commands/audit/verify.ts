import { readFileSync } from 'node:fs'
import type { KeyObject } from 'node:crypto'
import type { Finding, Summary } from '../../../audit/verify.ts'
import { defineCommand } from '../../command.ts'
import { attempt, failure, reasonOf, usageFailure } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { columns } from '../../output/columns.ts'
import { printData } from '../../output/print.ts'
import { member, numberOf, stringOf, tree } from '../../tree.ts'
import type { JsonTree } from '../../tree.ts'

/** Findings that are printed; a log that was replaced has one in every line. */
const SHOWN = 50

export const command = defineCommand({
  usage: '[options] FILE...',
  help: `  Checks a log of an audit device that has hash_chain=true: that no line of it was changed, removed, put in or moved, and
  that its checkpoints are signed. Give the files in the order in which they were written; those that end in .gz are
  unpacked, - is the standard input. It ends with 2 where something does not fit.

  What comes after the last checkpoint is chained but not yet signed: that lines were cut off there shows only with
  -complete (a file that was rotated, or of a server that was stopped, ends with a checkpoint), or with -device, which
  asks the server how far the log goes at least.

      $ coffer audit verify -key=audit.pub /var/log/coffer/audit.log
      $ coffer audit verify -device=file/ /var/log/coffer/audit.log.1 /var/log/coffer/audit.log`,
  output: ['format'],
  flags: {
    key: flag.string({ usage: 'File with the public key, PEM or base64. If not given, the server is asked for it.' }),
    device: flag.string({
      usage: 'Path of the device: the last checkpoint that the server knows of has to be in the log.',
    }),
    complete: flag.bool({ usage: 'The log has to end with a checkpoint.' }),
    partial: flag.bool({ usage: 'The log may begin with any line of the chain.' }),
    'allow-repeats': flag.bool({ usage: 'Lines may come twice, as over a network that failed between.' }),
    embedded: flag.bool({ usage: 'Skip what stands in front of each "{", such as what a syslog service put there.' }),
  },
  async run(run) {
    if (run.args.length === 0) throw usageFailure('Not enough arguments (expected at least 1, got 0)')
    const { verifyLog, readPublicKey } = await import('../../../audit/verify.ts')
    const { key, device, complete, partial, embedded } = run.flags
    const server =
      key === '' || device !== ''
        ? await attempt('Error reading the key', (await run.client()).read('sys/audit-chain/key'))
        : undefined
    const text = key === '' ? stringOf(server?.data?.get('public_key')) : read(key)
    const publicKey = readPublicKey(text ?? '')
    if (publicKey === undefined) throw usageFailure('the key is no Ed25519 public key, as PEM or base64')
    const findings: Finding[] = []
    const notes: Finding[] = []
    const keep = (list: Finding[]) => (one: Finding) => {
      if (list.length < SHOWN) list.push(one)
    }
    const summary = await attempt(
      'Error reading the log',
      verifyLog({
        files: run.args,
        keys: [publicKey] satisfies KeyObject[],
        complete,
        partial,
        embedded,
        allowRepeats: run.flags['allow-repeats'],
        expected:
          device === '' ? undefined : expectedOf(member(server?.data?.get('checkpoints'), withSlash(device)), device),
        found: keep(findings),
        noted: keep(notes),
      }),
    )
    const isEmpty = summary.lines === 0
    if (!run.ui.isTable)
      await printData(run.ui, tree({ ...summary, problems: findings.map(shown), notes: notes.map(shown) }), true)
    else {
      for (const one of notes) run.ui.print(`${placeOf(one)}: note: ${one.text}`)
      for (const one of findings) run.ui.error(`${placeOf(one)}: ${one.text}`)
      if (summary.findings > findings.length) run.ui.error(`and ${summary.findings - findings.length} more`)
      run.ui.print(describe(summary))
    }
    if (isEmpty)
      throw failure('No line of a chain was found: the device has no hash_chain=true, or these are not its files')
    return summary.findings === 0 ? 0 : 2
  },
})

function describe(summary: Summary): string {
  const { lines, checkpoints, segments, first, last, unsigned, before, repeats, findings, closed } = summary
  const end =
    unsigned > 0
      ? `${unsigned} line(s) after the last checkpoint are not signed yet: if their end was cut off, it does not show`
      : closed
        ? 'a closing checkpoint'
        : 'a checkpoint; if there were lines behind it, it does not show'
  return columns([
    ['Result', findings === 0 ? 'no line was changed, removed, put in or moved' : `${findings} problem(s)`],
    ['Lines', `${lines}, number ${first} to ${last} of the chain`],
    ['Checkpoints', `${checkpoints} in ${segments} segment(s)`],
    ['Ends with', end],
    ...(before === 0 ? [] : [['Not verified', `${before} line(s) in front of the chain`]]),
    ...(repeats === 0 ? [] : [['Repeats', String(repeats)]]),
  ])
}

function expectedOf(known: JsonTree | undefined, device: string) {
  const [id, n, hash] = [stringOf(member(known, 'id')), numberOf(member(known, 'n')), stringOf(member(known, 'hash'))]
  if (id === undefined || n === undefined || hash === undefined)
    throw failure(`The server knows of no checkpoint of an audit device at ${withSlash(device)}`)
  return { id, n, hash }
}

function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`
}

function placeOf({ file, line }: Finding): string {
  return `${file}:${line}`
}

function shown({ file, line, text }: Finding) {
  return { file, line, text }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw usageFailure(`Error reading the key: ${reasonOf(error)}`)
  }
}
