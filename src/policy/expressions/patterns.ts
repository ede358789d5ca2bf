/** Regular expressions (RE2): what they may cost, told before one is used. */
import { celEnv, isCelError, parse, plan, CelScalar } from '@bufbuild/cel'
import { MAX_PATTERN_WEIGHT } from './limits.ts'

const tried = plan(celEnv({ variables: { p: CelScalar.STRING } }), parse('"".matches(p)'))

/** Length and counted repetitions: what is repeated counted is that many times as large. */
export function weightOf(pattern: string): number {
  let weight = pattern.length + 1
  for (const [, least = '', most = ''] of pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g))
    weight *= Math.max(1, Number(least), Number(most))
  return weight
}

/** Undefined where it can be used. */
export function patternProblem(pattern: string): string | undefined {
  if (weightOf(pattern) > MAX_PATTERN_WEIGHT) return 'the regular expression is too large: it is long, or repeats much'
  return isCelError(tried({ p: pattern })) ? 'this is no regular expression (of RE2)' : undefined
}
