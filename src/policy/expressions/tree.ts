/** The parsed expression, as far as it is looked into here. */
import type { parse } from '@bufbuild/cel'

export type Parsed = ReturnType<typeof parse>
export type Expr = Parsed['expr']
export type Call = Extract<Expr['exprKind'], { case: 'callExpr' }>['value']
export type Comprehension = Extract<Expr['exprKind'], { case: 'comprehensionExpr' }>['value']

/** What a part is made of, in the order of the text. */
export function partsOf({ exprKind }: Expr): readonly Expr[] {
  switch (exprKind.case) {
    case 'selectExpr':
      return present([exprKind.value.operand])
    case 'callExpr':
      return present([exprKind.value.target, ...exprKind.value.args])
    case 'listExpr':
      return exprKind.value.elements
    case 'structExpr':
      return present(
        exprKind.value.entries.flatMap(({ keyKind, value }) => [
          keyKind.case === 'mapKey' ? keyKind.value : undefined,
          value,
        ]),
      )
    case 'comprehensionExpr': {
      const { iterRange, accuInit, loopCondition, loopStep, result } = exprKind.value
      return present([iterRange, accuInit, loopCondition, loopStep, result])
    }
    default:
      return []
  }
}

function present(parts: readonly (Expr | undefined)[]): readonly Expr[] {
  return parts.filter((part) => part !== undefined)
}

/** How many parts an expression has, itself included. */
export function countOf(expr: Expr): number {
  return partsOf(expr).reduce((sum, part) => sum + countOf(part), 1)
}

/** `a && b && c` as its three. */
export function clausesOf(expr: Expr): readonly Expr[] {
  const { exprKind } = expr
  return exprKind.case === 'callExpr' && exprKind.value.function === '_&&_'
    ? exprKind.value.args.flatMap(clausesOf)
    : [expr]
}

/** The constant text that a part is, if it is one. */
export function textOf(expr: Expr | undefined): string | undefined {
  if (expr?.exprKind.case !== 'constExpr') return undefined
  const { constantKind } = expr.exprKind.value
  return constantKind.case === 'stringValue' ? constantKind.value : undefined
}
