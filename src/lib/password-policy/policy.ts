/** What a password policy says, once it was read: how long, of which characters, and how many of which at least. */

/** A character as people count them: one code point. */
export type Character = string

export interface CharsetRule {
  readonly characters: readonly Character[]
  readonly minChars: number
}

export interface PasswordPolicy {
  readonly length: number
  readonly rules: readonly CharsetRule[]
  /** Those of all rules, each once. */
  readonly characters: readonly Character[]
}

/** A policy that says nothing sensible. Its sentence is Vault's. */
export class PasswordPolicyError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'PasswordPolicyError'
  }
}

const LOWER = 'abcdefghijklmnopqrstuvwxyz'

/** Where no policy is named: Vault's 20 characters, with one of each kind. */
export const defaultPasswordPolicy: PasswordPolicy = policyOf(
  20,
  [LOWER, LOWER.toUpperCase(), '0123456789', '-'].map((characters) => ({ characters: [...characters], minChars: 1 })),
)

export function policyOf(length: number, rules: readonly CharsetRule[]): PasswordPolicy {
  return Object.freeze({ length, rules, characters: [...new Set(rules.flatMap((rule) => rule.characters))] })
}
