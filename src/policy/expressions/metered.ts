/**
 * CEL with a meter: each call is charged before it is made, and each loop for all its rounds before the first. Once the work is used up
 * nothing more is done, and the evaluation has failed, whatever it would have come to.
 */
import {
  celEnv,
  celError,
  celFunc,
  celList,
  CelScalar,
  isCelError,
  isCelList,
  listType,
  plan,
  type CelEnv,
  type CelInput,
  type CelResult,
  type CelValue,
} from '@bufbuild/cel'
import { strings } from '@bufbuild/cel/ext'
import { addressBound, normalCidr, type AddressBound } from '../../lib/cidr.ts'
import { taken } from './calls.ts'
import { MAX_MADE_LIST, MAX_MADE_TEXT, MAX_WORK } from './limits.ts'
import { countOf, type Expr } from './tree.ts'
import { costOf, ERROR_COST, widthOf } from './work.ts'

type Evaluation = (bindings: Readonly<Record<string, CelInput>>) => CelResult

const RANGE = '@range'
const LIST = listType(CelScalar.DYN)
const { BOOL, DYN, INT, STRING } = CelScalar

/** One evaluation is under way at a time, from its beginning to its end. */
let left = 0
const TOO_MUCH = celError('too much work')

const env = metered(
  celEnv({
    funcs: [
      ...strings.filter(({ name }) => taken.has(name)),
      // One list of all, for whose elements need not be asked through all that it was made of.
      celFunc('_+_', [LIST, LIST], LIST, (a, b) => celList([...a, ...b])),
      celFunc('cidr_contains', [STRING, STRING], BOOL, containsAddress),
      celFunc(RANGE, [DYN, INT], DYN, (range) => range),
    ],
  }),
)

export interface Spent {
  readonly result: CelResult
  /** Units. */
  readonly work: number
  readonly exhausted: boolean
}

export function prepare(expr: Expr): Evaluation {
  return plan(env, charging(expr))
}

/** @param budget units of work. */
export function evaluate(
  evaluation: Evaluation,
  bindings: Readonly<Record<string, CelInput>>,
  budget = MAX_WORK,
): Spent {
  left = budget
  // Errors are values here: what is made of them must not cost what a stack costs.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    const result = evaluation(bindings)
    return { result: left < 0 ? TOO_MUCH : result, work: budget - left, exhausted: left < 0 }
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

/** Loops say how much one round is. */
function charging(expr: Expr): Expr {
  const { exprKind } = expr
  switch (exprKind.case) {
    case 'selectExpr': {
      const { operand } = exprKind.value
      if (operand === undefined) return expr
      return { ...expr, exprKind: { case: 'selectExpr', value: { ...exprKind.value, operand: charging(operand) } } }
    }
    case 'callExpr': {
      const { target, args } = exprKind.value
      const inner = { args: args.map(charging), ...(target === undefined ? {} : { target: charging(target) }) }
      return { ...expr, exprKind: { case: 'callExpr', value: { ...exprKind.value, ...inner } } }
    }
    case 'listExpr': {
      const elements = exprKind.value.elements.map(charging)
      return { ...expr, exprKind: { case: 'listExpr', value: { ...exprKind.value, elements } } }
    }
    case 'structExpr': {
      const entries = exprKind.value.entries.map((entry) =>
        entry.value === undefined ? entry : { ...entry, value: charging(entry.value) },
      )
      return { ...expr, exprKind: { case: 'structExpr', value: { ...exprKind.value, entries } } }
    }
    case 'comprehensionExpr': {
      const made = exprKind.value
      const { iterRange, loopCondition, loopStep } = made
      if (iterRange === undefined || loopCondition === undefined || loopStep === undefined) return expr
      const round = countOf(loopCondition) + countOf(loopStep)
      const inner = { iterRange: ranged(charging(iterRange), round), loopStep: charging(loopStep) }
      return { ...expr, exprKind: { case: 'comprehensionExpr', value: { ...made, ...inner } } }
    }
    default:
      return expr
  }
}

function ranged(range: Expr, round: number): Expr {
  const weight: Expr = {
    $typeName: 'cel.expr.Expr',
    id: range.id,
    exprKind: {
      case: 'constExpr',
      value: { $typeName: 'cel.expr.Constant', constantKind: { case: 'int64Value', value: BigInt(round) } },
    },
  }
  return {
    $typeName: 'cel.expr.Expr',
    id: range.id,
    exprKind: {
      case: 'callExpr',
      value: { $typeName: 'cel.expr.Expr.Call', function: RANGE, args: [range, weight] },
    },
  }
}

function metered(plainEnv: CelEnv): CelEnv {
  const { funcs } = plainEnv
  const find = (name: string) => {
    const group = funcs.find(name)
    if (group === undefined) return undefined
    const call = (id: number, target: CelValue | undefined, args: CelValue[]): CelResult | undefined => {
      if (left < 0) return TOO_MUCH
      left -= name === RANGE ? costOfLoop(args) : costOf(name, target, args, left)
      if (left < 0) return TOO_MUCH
      const made = group.call(id, target, args)
      if (made === undefined || isCelError(made)) left -= ERROR_COST
      return made === undefined || isCelError(made) ? made : bounded(made)
    }
    return { name, call, [Symbol.iterator]: () => group[Symbol.iterator]() }
  }
  // The planner asks for functions by name, and for nothing else of it.
  Object.defineProperty(plainEnv, 'funcs', { value: { find, [Symbol.iterator]: () => funcs[Symbol.iterator]() } })
  return plainEnv
}

function costOfLoop([range, round]: readonly CelValue[]): number {
  return 1 + widthOf(range ?? null) * (1 + (typeof round === 'bigint' ? Number(round) : 0))
}

function bounded(made: CelValue): CelResult {
  const isLarge =
    typeof made === 'string' || made instanceof Uint8Array
      ? made.length > MAX_MADE_TEXT
      : isCelList(made) && made.size > MAX_MADE_LIST
  if (!isLarge) return made
  left = -1
  return TOO_MUCH
}

const blocks = new Map<string, AddressBound | undefined>()
const BLOCKS = 500

/** No address is in what is no block of addresses. */
function containsAddress(block: string, address: string): boolean {
  if (!blocks.has(block)) {
    if (blocks.size >= BLOCKS) blocks.clear()
    const known = normalCidr(block)
    blocks.set(block, known === undefined ? undefined : addressBound([known]))
  }
  return blocks.get(block)?.allows(address) === true
}
