/** An expression that was read once: its clauses, each of which has to hold, and what of the request they look at. */
import { isCelError, parse, type CelInput } from '@bufbuild/cel'
import { policyErrors } from '../errors.ts'
import { problemsOf } from './check.ts'
import { MAX_WORK } from './limits.ts'
import { evaluate, prepare } from './metered.ts'
import { placed, positionAt, textProblem, type Position } from './source.ts'
import { clausesOf, partsOf, textOf, type Expr, type Parsed } from './tree.ts'

export interface Clause extends Position {
  readonly evaluation: ReturnType<typeof prepare>
}

export interface Program {
  /** `a && b` has two. */
  readonly clauses: readonly Clause[]
  /** `request.data`, `identity`: what need not be made where it is not among them. */
  readonly uses: ReadonlySet<string>
}

/** Why it does not hold; `clause` counts from 1. No value is part of it. */
export interface Failure extends Position {
  readonly clause: number
  /** Undefined where it simply came to false. */
  readonly error: 'could not be evaluated' | 'is no condition' | 'takes too much work' | undefined
}

/** Told at once. */
const PROBLEMS = 5

/** Throws `POLICY_EXPRESSION`, which names all that is wrong, and where. */
export function compileExpression(text: string): Program {
  const beyond = textProblem(text)
  if (beyond !== undefined) throw policyErrors.EXPRESSION({ reason: beyond })
  const parsed = parsedOf(text)
  const at = (id: bigint): number => parsed.sourceInfo?.positions[String(id)] ?? 0
  const problems = problemsOf(parsed.expr)
  if (problems.length > 0)
    throw policyErrors.EXPRESSION({
      reason: problems
        .slice(0, PROBLEMS)
        .map(({ id, sentence }) => placed(sentence, text, at(id)))
        .join('; '),
    })
  return {
    clauses: clausesOf(parsed.expr).map((clause) => ({
      ...positionAt(text, pastBlanks(text, startOf(clause, at))),
      evaluation: prepare(clause),
    })),
    uses: usesOf(parsed.expr),
  }
}

export interface Evaluated {
  /** Undefined where all clauses hold. */
  readonly failure: Failure | undefined
  /** Units of work. */
  readonly work: number
}

/** As `&&` does: what is false is false, whatever else could not be evaluated. */
export function evaluateProgram({ clauses }: Program, bindings: Readonly<Record<string, CelInput>>): Evaluated {
  let work = 0
  let failed: Failure | undefined
  for (const [index, { evaluation, line, column }] of clauses.entries()) {
    const spent = evaluate(evaluation, bindings, MAX_WORK - work)
    work += spent.work
    if (spent.result === true) continue
    const failure = { clause: index + 1, line, column }
    if (spent.result === false) return { failure: { ...failure, error: undefined }, work }
    const error = spent.exhausted
      ? 'takes too much work'
      : isCelError(spent.result)
        ? 'could not be evaluated'
        : 'is no condition'
    failed ??= { ...failure, error }
    if (spent.exhausted) break
  }
  return { failure: failed, work }
}

function parsedOf(text: string): Parsed {
  try {
    return parse(text)
  } catch (error) {
    throw policyErrors.EXPRESSION({ reason: syntaxProblem(error, text) })
  }
}

function syntaxProblem(error: unknown, text: string): string {
  const offset = offsetOf(error)
  // The parser's own words go on for all that it would have taken.
  return offset === undefined ? 'this is no expression' : placed('this cannot be read', text, offset)
}

function offsetOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('location' in error)) return undefined
  const { location } = error
  if (typeof location !== 'object' || location === null || !('start' in location)) return undefined
  const { start } = location
  if (typeof start !== 'object' || start === null || !('offset' in start)) return undefined
  return typeof start.offset === 'number' ? start.offset : undefined
}

/** An operator's own place is between what it joins. */
function startOf(expr: Expr, at: (id: bigint) => number): number {
  return partsOf(expr).reduce((least, part) => Math.min(least, startOf(part, at)), at(expr.id))
}

function pastBlanks(text: string, offset: number): number {
  return offset + (/^\s*/.exec(text.slice(offset))?.[0].length ?? 0)
}

function usesOf(expr: Expr, found = new Set<string>()): ReadonlySet<string> {
  const { exprKind } = expr
  const field = exprKind.case === 'selectExpr' ? exprKind.value.field : undefined
  const named =
    exprKind.case === 'callExpr' && exprKind.value.function === '_[_]' ? textOf(exprKind.value.args[1]) : undefined
  const owner =
    exprKind.case === 'selectExpr'
      ? exprKind.value.operand
      : exprKind.case === 'callExpr'
        ? exprKind.value.args[0]
        : undefined
  const member = field ?? named
  if (member !== undefined && owner?.exprKind.case === 'identExpr') found.add(`${owner.exprKind.value.name}.${member}`)
  if (exprKind.case === 'identExpr') found.add(exprKind.value.name)
  for (const part of partsOf(expr)) usesOf(part, found)
  return found
}
