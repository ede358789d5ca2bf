/** A share of an unseal key: the argument, stdin for "-", or what is typed and not shown. */
import { attempt, usageFailure } from '../../failure.ts'
import { askHidden } from '../../input/prompt.ts'
import type { CliIo } from '../../io.ts'

export interface UnsealKeySources {
  readonly io: CliIo
  readonly argument: string | undefined
  readonly mayNotAsk: boolean
  stdin(): Promise<string>
}

export async function unsealKey({ io, argument, mayNotAsk, stdin }: UnsealKeySources): Promise<string> {
  if (argument === '-') return (await stdin()).trim()
  if (argument !== undefined) return argument.trim()
  if (mayNotAsk)
    throw usageFailure('Not asking for the unseal key, because of -non-interactive: give it as the argument')
  const asked = askHidden(io, 'Unseal Key (will be hidden): ')
  return (await attempt('An error occurred attempting to ask for an unseal key', asked, 1)).trim()
}
