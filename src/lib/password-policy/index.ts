/** Password policies: their text, and passwords by them. Pure. */
export { defaultPasswordPolicy, PasswordPolicyError, type PasswordPolicy } from './policy.ts'
export { generatePassword } from './generate.ts'
export { parsePasswordPolicy } from './parse.ts'
