/** A key share that somebody gives on the command line, on stdin, or on the terminal; and the nonce of what it is given for. */
import type { CliIo } from '../../io.ts'
import { attempt, usageFailure } from '../../failure.ts'
import { askHidden } from '../../input/prompt.ts'

export interface KeyShare {
  readonly key: string
  readonly nonce: string
}

export interface ShareSources {
  readonly io: CliIo
  readonly argument: string | undefined
  readonly mayNotAsk: boolean
  /** Of `-nonce`; empty where it was not given. */
  readonly nonce: string
  stdin(): Promise<string>
}

/**
 * Whoever types a share sees the nonce before, and answers for it by going on; all others have to give it. `what` and `kind` are for the
 * question: `Operation`, `Unseal`.
 */
export async function keyShare(
  sources: ShareSources,
  { what, kind, current }: { readonly what: string; readonly kind: string; readonly current: string },
): Promise<KeyShare> {
  const { argument, io } = sources
  if (argument !== undefined) {
    const key = (argument === '-' ? await sources.stdin() : argument).trim()
    if (sources.nonce === '') throw usageFailure('Missing nonce value: specify it via the -nonce flag')
    return { key, nonce: sources.nonce }
  }
  if (sources.mayNotAsk)
    throw usageFailure(
      `Not asking for the ${kind.toLowerCase()} key, because of -non-interactive: give it as the argument`,
    )
  io.stderr.write(`${what} nonce: ${current}\n`)
  const key = await attempt(
    `An error occurred attempting to ask for the ${kind.toLowerCase()} key`,
    askHidden(io, `${kind} Key (will be hidden): `),
    1,
  )
  return { key: key.trim(), nonce: current }
}
