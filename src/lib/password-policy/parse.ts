/**
 * The text of a password policy: `length = 20`, `rule "charset" { charset = "abc" min-chars = 1 }`, in HCL or JSON.
 * Source: https://developer.hashicorp.com/vault/docs/concepts/password-policies
 */
import { blocks, HclError, parseHcl, type Document, type Item, type ObjectValue, type Value } from '../hcl/index.ts'
import { PasswordPolicyError, policyOf, type CharsetRule, type PasswordPolicy } from './policy.ts'

const MIN_LENGTH = 4
const MAX_LENGTH = 100
/** A byte of randomness chooses among them without a bias. */
const MAX_CHARACTERS = 256
const DECODING = 'decoding failed due to the following error(s):\n\n'
/** Letters, marks, numbers, punctuation, symbols and the plain space: what Go calls printable. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u

/** Throws `PasswordPolicyError`. */
export function parsePasswordPolicy(text: string): PasswordPolicy {
  const { items } = documentOf(text)
  const rules = rulesOf(items)
  const length = integerOf(last(items, 'length'), 'failed to decode configuration', 'length')
  const policy = policyOf(length, rules)
  const problems = problemsOf(policy)
  if (problems.length > 0)
    throw invalid(
      `${problems.length} ${problems.length === 1 ? 'error' : 'errors'} occurred:\n${problems.map((p) => `\t* ${p}\n`).join('')}\n`,
    )
  if (length < MIN_LENGTH || length > MAX_LENGTH)
    throw new PasswordPolicyError(`passwords must be between ${MIN_LENGTH} and ${MAX_LENGTH} characters`)
  return policy
}

function documentOf(text: string): Document {
  try {
    return parseHcl(text)
  } catch (error) {
    throw error instanceof HclError ? invalid(`unable to decode: ${error.message}`) : error
  }
}

/** The first label of a rule is its kind; there is one kind. */
function rulesOf(items: readonly Item[]): readonly CharsetRule[] {
  const { found, misfits } = blocks(items, 'rule', 1)
  if (misfits.length > 0) throw invalid('unable to parse rules: unable to get rule info: rule is empty')
  return found.map(({ labels: [label], value }) => {
    const kind = label?.name ?? ''
    if (kind !== 'charset')
      throw invalid(`unable to parse rules: unable to parse rule ${kind}: unrecognized rule type ${kind}`)
    return ruleOf(value)
  })
}

function ruleOf({ items }: ObjectValue): CharsetRule {
  const where = 'unable to parse rules: unable to parse rule charset: failed to parse charset restriction'
  const charset = last(items, 'charset')
  if (charset !== undefined && charset.kind !== 'string')
    throw invalid(`${where}: ${DECODING}'charset' expected type 'string', got unconvertible type '${charset.kind}'`)
  return { characters: [...(charset?.value ?? '')], minChars: integerOf(last(items, 'min-chars'), where, 'min-chars') }
}

/** Whether passwords can be made of it at all. */
function problemsOf({ length, rules, characters }: PasswordPolicy): readonly string[] {
  const least = rules.reduce((sum, rule) => sum + Math.max(rule.minChars, 0), 0)
  const out: string[] = []
  if (length <= 0) out.push('length must be > 0')
  else if (length < least) out.push(`specified rules require at least ${least} characters but ${length} is specified`)
  if (characters.length === 0) out.push('no charset specified')
  else if (characters.length > MAX_CHARACTERS) out.push(`charset is too long: limited to ${MAX_CHARACTERS} characters`)
  if (characters.some((character) => !PRINTABLE.test(character))) out.push('non-printable character in charset')
  if (rules.some((rule) => rule.minChars > 0 && rule.characters.length === 0))
    out.push('a rule demands characters and names none')
  return out
}

function last(items: readonly Item[], name: string): Value | undefined {
  return items.findLast((item) => item.keys.length === 1 && item.keys[0].name === name)?.value
}

function integerOf(value: Value | undefined, where: string, name: string): number {
  if (value === undefined) return 0
  if (value.kind !== 'number' || !value.integer || !Number.isSafeInteger(value.value))
    throw invalid(`${where}: ${DECODING}'${name}' expected type 'int', got unconvertible type '${value.kind}'`)
  return value.value
}

function invalid(what: string): PasswordPolicyError {
  return new PasswordPolicyError(`invalid password policy: ${what}`)
}
