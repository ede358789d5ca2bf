/**
 * Transcripts of the command line, one file a subject:
 *
 *     # a comment
 *     @@ policy.hcl                a file, up to the next such line
 *     path "a" {}
 *     @@
 *     $ coffer policy write my-policy policy.hcl
 *     > typed into stdin, a line each
 *     what it prints
 *     ! what it complains
 *     [exit 2]                     unless it is 0
 *     $ token=$(coffer token create -field=token)
 *     $ VAULT_TOKEN=${token} coffer token lookup
 *
 * `${name}` stands for what was kept under that name, `${name.member.0}` for a part of it if it is JSON, and there are `${address}`, `${root}` (the root token) and `${dir}`, a folder
 * of the transcript's own. `{time}`, `{uuid}` and the like stand for what no two runs have in common.
 */
import { PassThrough } from 'node:stream'
import { runCli } from '../../../src/cli/index.ts'
import type { CliIo } from '../../../src/cli/index.ts'

export interface Step {
  /** As in the transcript. */
  readonly line: string
  readonly stdin: string
}

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly name: string; readonly text: string; readonly source: string }
  | { readonly kind: 'step'; readonly step: Step; readonly source: string }

/** The expected output is not among the parts: a run makes the whole text anew, and it is compared as a whole. */
export function parseTranscript(text: string): readonly Part[] {
  const parts: Part[] = []
  const lines = text.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ''
    if (line.startsWith('@@ ')) {
      const end = lines.indexOf('@@', at)
      if (end < 0) throw new Error(`the file ${line} has no end`)
      parts.push({
        kind: 'file',
        name: line.slice(3),
        text: `${lines.slice(at + 1, end).join('\n')}\n`,
        source: lines.slice(at, end + 1).join('\n'),
      })
      at = end
    } else if (line.startsWith('$ ')) {
      const typed: string[] = []
      while (lines[at + 1]?.startsWith('> ')) typed.push(lines[++at] ?? '')
      const stdin = typed.map((each) => `${each.slice(2)}\n`).join('')
      parts.push({ kind: 'step', step: { line: line.slice(2), stdin }, source: [line, ...typed].join('\n') })
    } else if (line.startsWith('#')) parts.push({ kind: 'text', text: line })
  }
  return parts
}

export interface Place {
  readonly address: string
  readonly home: string
  /** Kept by `$ name=$(…)`. */
  readonly kept: Map<string, string>
}

/** Runs one step and gives what stands below it in the transcript. */
export async function runStep(step: Step, place: Place): Promise<string> {
  const keep = /^(\w+)=\$\((.*)\)$/.exec(step.line)
  const words = shellWords(fill(keep?.[2] ?? step.line, place.kept))
  const start = words.findIndex((word) => !/^\w+=/.test(word))
  const env = Object.fromEntries(
    words.slice(0, start).map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
  )
  if (words[start] !== 'coffer') throw new Error(`a step runs coffer: ${step.line}`)
  const { code, stdout, stderr } = await invoke(words.slice(start + 1), fill(step.stdin, place.kept), { ...place, env })
  if (keep !== null) place.kept.set(keep[1] ?? '', stdout.trim())
  const shown = [
    ...(keep === null && stdout !== '' ? [stdout.replace(/\n$/, '')] : []),
    ...(stderr === '' ? [] : [stderr.replace(/\n$/, '').replace(/^/gm, '! ').replace(/ $/gm, '')]),
    ...(code === 0 ? [] : [`[exit ${code}]`]),
  ].join('\n')
  return masked(shown, place.kept)
}

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export async function invoke(
  args: readonly string[],
  stdin: string,
  place: { address: string; home: string; env: Readonly<Record<string, string>> },
): Promise<Outcome> {
  let stdout = ''
  let stderr = ''
  const input = new PassThrough()
  input.end(stdin)
  const elsewhere = async (): Promise<number> => 0
  const io: CliIo = {
    stdin: input,
    stdout: { write: (text) => void (stdout += text) },
    stderr: { write: (text) => void (stderr += text) },
    env: { VAULT_ADDR: place.address, ...place.env },
    isTty: { stdin: false, stdout: false, stderr: false },
    home: place.home,
    version: '0.0.0',
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    commands: { server: elsewhere, migrate: elsewhere, diagnose: elsewhere },
  }
  const code = await runCli(args, io)
  return { code, stdout, stderr }
}

function fill(text: string, kept: ReadonlyMap<string, string>): string {
  return text.replace(/\$\{(\w+)((?:\.\w+)*)\}/g, (whole, name: string, path: string) => {
    const value = kept.get(name)
    if (value === undefined) return whole
    return path === '' ? value : String(inside(JSON.parse(value), path.slice(1).split('.')))
  })
}

function inside(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, name) => (typeof at === 'object' && at !== null ? new Map(Object.entries(at)).get(name) : undefined),
    value,
  )
}

/** Words with single and double quotes, as a shell reads them. */
export function shellWords(line: string): string[] {
  return [...line.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'),
  )
}

const volatile: readonly (readonly [RegExp, string])[] = [
  [/^(Unseal Key \d+|Recovery Key \d+): [A-Za-z0-9+/=]+$/gm, '$1: {key}'],
  [/\d{4}-\d\d-\d\dT[\d:]+(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g, '{time}'],
  [/\d{4}-\d\d-\d\d [\d:]+(?:\.\d+)? \+0000 UTC/g, '{time}'],
  [/\d\d [A-Z][a-z]{2} \d\d \d\d:\d\d UTC/g, '{time}'],
  // A second may have passed since.
  [/^(ttl|token_duration)( +)(?:1h|59m\d\ds)$/gm, '$1$2{about 1h}'],
  [/(creation_time[": ]+)\d{10}\b/g, '$1{unix}'],
  [/\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b/g, '{uuid}'],
  [/\b(?:hv[sb]|[sb])\.[\w-]{24,}/g, '{token}'],
  [/_[\da-f]{8}\b/g, '_{id}'],
  [/\b[A-Za-z0-9]{24}\b/g, '{accessor}'],
  [/\b(?:coffer|vault)-cluster-[\da-f]{8}\b/g, '{cluster}'],
  [/^(Encryption Count +)\d+$/gm, '$1{count}'],
  [/^(Version +)\d\S*$/gm, '$1{version}'],
  [/"version": "\d[^"]*"/g, '"version": "{version}"'],
  [/^(OTP +)\S{32}$/gm, '$1{otp}'],
  [/^(Key \d+: )\S+=*$/gm, '$1{key}'],
  [/"build_date": "[^"]*"/g, '"build_date": "{time}"'],
  [/"encryptions": \d+/g, '"encryptions": {count}'],
]

function masked(text: string, kept: ReadonlyMap<string, string>): string {
  let out = text
  // The longest first: one may be part of another.
  for (const [name, value] of [...kept].toSorted(([, a], [, b]) => b.length - a.length)) {
    // A short one may be part of other words.
    if (value.length > 8) out = out.replaceAll(value, `\${${name}}`)
    else out = out.replace(/^.+$/gm, (line) => (line === value ? `\${${name}}` : line))
  }
  return volatile.reduce((each, [pattern, placeholder]) => each.replace(pattern, placeholder), out)
}
