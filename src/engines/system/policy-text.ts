/** Policies as clients send them: the name in one form, the text as it is or in base64. */
import { policyName } from '../../lib/policy-names.ts'
import { systemErrors } from './errors.ts'
import { unslashed } from './unslashed.ts'

export function nameOf(c: { readonly params: { readonly name: string }; warn(sentence: string): void }): string {
  const given = unslashed(c.params.name)
  const stored = policyName(given)
  if (stored !== given) c.warn(`policy name was converted to ${stored}`)
  return given
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

export function textOf(given: string): string {
  if (given === '') throw systemErrors.NO_POLICY()
  // No policy is both: rules need a brace, and a condition a dot, a blank or an operator, but for one word.
  return BASE64.test(given) && !WORD.test(given) ? Buffer.from(given, 'base64').toString() : given
}

/** Conditions of one word. */
const WORD = /^(?:true|false)$/
