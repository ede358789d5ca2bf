/** The files of a configuration, as named on the command line. */
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Document } from '../lib/hcl/index.ts'
import { HclError, parseHcl } from '../lib/hcl/index.ts'
import { codeOf } from './indirection.ts'
import { Findings } from './problem.ts'

const MAX_BYTES = 1_048_576
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export interface SourceFile {
  readonly findings: Findings
  /** Undefined after a problem. */
  readonly document: Document | undefined
}

/** A path is a file, or a folder whose `*.hcl` and `*.json` are read in the order of their names. None is read twice. */
export function readSources(paths: readonly string[]): readonly SourceFile[] {
  const seen = new Set<string>()
  const out: SourceFile[] = []
  for (const path of paths) {
    const findings = new Findings(path)
    const files = expand(path, findings)
    if (findings.problems.length > 0) out.push({ findings, document: undefined })
    for (const file of files) {
      const real = realpathSync(file)
      if (!seen.has(real)) out.push(readSource(file))
      seen.add(real)
    }
  }
  return out
}

function expand(path: string, findings: Findings): readonly string[] {
  try {
    const stat = statSync(path)
    if (!stat.isDirectory()) return [path]
    if ((stat.mode & 0o022) !== 0)
      findings.expose(path, 'other users of this machine can add configuration here: chmod 755 at most')
    const names = readdirSync(path, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && /\.(?:hcl|json)$/.test(entry.name) && !/^[.#]/.test(entry.name))
      .map((entry) => entry.name)
      .toSorted()
    if (names.length === 0) findings.problem(undefined, 'the folder has no *.hcl or *.json file')
    return names.map((name) => join(path, name))
  } catch (error) {
    findings.problem(undefined, `the configuration cannot be read (${codeOf(error)})`)
    return []
  }
}

function readSource(file: string): SourceFile {
  const findings = new Findings(file)
  const text = readText(file, findings)
  if (text === undefined) return { findings, document: undefined }
  try {
    return { findings, document: parseHcl(text) }
  } catch (error) {
    if (!(error instanceof HclError)) throw error
    findings.problem({ offset: 0, line: error.line, column: error.column }, error.detail)
    return { findings, document: undefined }
  }
}

function readText(file: string, findings: Findings): string | undefined {
  try {
    const descriptor = openSync(file, 'r')
    try {
      const stat = fstatSync(descriptor)
      if (!stat.isFile()) return findings.problem(undefined, 'it is no file')
      if (stat.size > MAX_BYTES) return findings.problem(undefined, `it is larger than ${MAX_BYTES} bytes`)
      if ((stat.mode & 0o004) !== 0)
        findings.expose(file, 'any user of this machine can read the configuration: chmod 640')
      if ((stat.mode & 0o022) !== 0)
        findings.expose(file, 'other users of this machine can change the configuration: chmod 640')
      return utf8.decode(readFileSync(descriptor))
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    return findings.problem(
      undefined,
      error instanceof TypeError ? 'it is not valid UTF-8' : `it cannot be read (${codeOf(error)})`,
    )
  }
}
