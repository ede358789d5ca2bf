/** What a client says to one method: nothing (a push), a passcode, or `passcode=` and one. */
import { refused, type Outcome } from './outcome.ts'

export type Said = { readonly passcode: string | undefined }

const failed = (why: string) => refused(`failed to parse MFA factor, ${why}`)

export function readSaid(credentials: readonly string[]): Said | Outcome {
  let passcode: string | undefined
  for (const one of credentials) {
    if (one === '') continue
    const found = one.startsWith('passcode=') ? one.slice('passcode='.length) : one
    if (found === '') return failed('invalid passcode')
    if (found === one && one.includes('=')) return failed('found an invalid MFA cred')
    if (passcode !== undefined) return failed('found multiple passcodes for the same MFA method')
    passcode = found
  }
  return { passcode }
}
