import { readFileSync, statSync } from 'node:fs'
import type { StringValue } from '../lib/hcl/index.ts'
import type { Findings } from './problem.ts'

const MAX_SECRET_BYTES = 65_536

/**
 * A string may stand elsewhere: `env://NAME` in the environment, `file:///path` in a file (without the line ends at its end). So no secret
 * has to be in the configuration. Undefined after a problem, which names the place but never what is there.
 */
export function resolveIndirection(value: StringValue, findings: Findings): string | undefined {
  if (value.value.startsWith('env://')) return fromEnvironment(value, value.value.slice('env://'.length), findings)
  if (value.value.startsWith('file:///')) return fromFile(value, value.value.slice('file://'.length), findings)
  return value.value
}

function fromEnvironment({ at }: StringValue, name: string, findings: Findings): string | undefined {
  const given = process.env[name]
  return given ?? findings.problem(at, `the environment has no variable ${name}`)
}

function fromFile({ at }: StringValue, path: string, findings: Findings): string | undefined {
  try {
    const stat = statSync(path)
    if (!stat.isFile() || stat.size > MAX_SECRET_BYTES)
      return findings.problem(at, `${path} is not a file of at most ${MAX_SECRET_BYTES} bytes`)
    if ((stat.mode & 0o077) !== 0) findings.expose(path, 'other users of this machine can read this secret: chmod 600')
    return readFileSync(path, 'utf8').replace(/[\r\n]+$/, '')
  } catch (error) {
    return findings.problem(at, `${path} cannot be read (${codeOf(error)})`)
  }
}

/** `ENOENT` and the like: what happened, without the path again. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
}
