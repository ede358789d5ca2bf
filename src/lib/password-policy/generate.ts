/** Passwords by a policy. */
import { freshBytes, type RandomSource } from '../secure/random.ts'
import type { Character, PasswordPolicy } from './policy.ts'

const BYTE = 256

/**
 * Every password that the policy allows can come out. The characters that the rules demand are drawn first and the rest from all of them,
 * then their places are shuffled: so that a policy of many demands takes no longer than another, where Vault draws again and again until
 * one fits and may give up.
 */
export function generatePassword(policy: PasswordPolicy, source: RandomSource = freshBytes): string {
  const draw = drawer(source)
  const characters: Character[] = []
  for (const { characters: own, minChars } of policy.rules)
    for (let i = 0; i < minChars; i++) characters.push(own[draw(own.length)] ?? '')
  while (characters.length < policy.length) characters.push(policy.characters[draw(policy.characters.length)] ?? '')
  shuffle(characters, draw)
  return characters.join('')
}

/** Numbers below `bound` (at most 256), each as likely as the others: bytes that would favour the first ones are passed over. */
function drawer(source: RandomSource): (bound: number) => number {
  let pool = source(0)
  let next = 0
  return (bound) => {
    const limit = BYTE - (BYTE % bound)
    for (;;) {
      if (next >= pool.length) {
        pool = source(128)
        next = 0
      }
      const byte = pool[next] ?? 0
      pool[next++] = 0
      if (byte < limit) return byte % bound
    }
  }
}

function shuffle(list: Character[], draw: (bound: number) => number): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = draw(i + 1)
    const [a = '', b = ''] = [list[i], list[j]]
    list[i] = b
    list[j] = a
  }
}
