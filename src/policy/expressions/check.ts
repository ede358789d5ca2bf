/**
 * What is wrong with a parsed expression, as far as it can be told when it is written: names and fields that there are not, functions that
 * are not known, what is no condition. The rest is left to evaluation, which denies where it fails.
 */
import { nearest } from '../../lib/nearest.ts'
import { callables, logical, operators } from './calls.ts'
import { MAX_NODES } from './limits.ts'
import { patternProblem } from './patterns.ts'
import { any, bool, roots, text, type Shape } from './shapes.ts'
import { countOf, partsOf, textOf, type Call, type Comprehension, type Expr } from './tree.ts'

export interface Problem {
  /** Of the part. */
  readonly id: bigint
  readonly sentence: string
}

const TYPES = new Set(['bool', 'bytes', 'double', 'int', 'list', 'map', 'null_type', 'string', 'type', 'uint'])
const CONSTANTS: ReadonlyMap<string | undefined, Shape> = new Map([
  ['boolValue', bool],
  ['stringValue', text],
  ['int64Value', { kind: 'int' }],
  ['uint64Value', { kind: 'int' }],
  ['doubleValue', { kind: 'double' }],
  ['bytesValue', { kind: 'bytes' }],
  ['nullValue', { kind: 'null' }],
])

type Scope = ReadonlyMap<string, Shape>

export function problemsOf(expr: Expr): readonly Problem[] {
  const size = countOf(expr)
  if (size > MAX_NODES)
    return [{ id: expr.id, sentence: `the expression is too large: it has ${size} parts of at most ${MAX_NODES}` }]
  const found: Problem[] = []
  new Checker(found).condition(expr, new Map())
  return found
}

class Checker {
  readonly #found: Problem[]

  constructor(found: Problem[]) {
    this.#found = found
  }

  /** What has to be true or false. */
  condition(expr: Expr, scope: Scope): void {
    const { kind } = this.#shapeOf(expr, scope)
    if (kind !== 'bool' && kind !== 'any') this.#add(expr, `expected true or false, and this is ${NAMES[kind]}`)
  }

  #add({ id }: Pick<Expr, 'id'>, sentence: string): Shape {
    this.#found.push({ id, sentence })
    return any
  }

  #shapeOf(expr: Expr, scope: Scope): Shape {
    const { exprKind } = expr
    switch (exprKind.case) {
      case 'constExpr':
        return CONSTANTS.get(exprKind.value.constantKind.case) ?? any
      case 'identExpr':
        return this.#named(expr, exprKind.value.name, scope)
      case 'selectExpr': {
        const { operand, field, testOnly } = exprKind.value
        const shape = operand === undefined ? any : this.#field(expr, operand, field, scope)
        return testOnly ? bool : shape
      }
      case 'callExpr':
        return this.#call(expr, exprKind.value, scope)
      case 'comprehensionExpr':
        return this.#comprehension(expr, exprKind.value, scope)
      case 'structExpr':
        if (exprKind.value.messageName !== '')
          return this.#add(expr, `there is no type "${exprKind.value.messageName}"`)
        this.#all(partsOf(expr), scope)
        return { kind: 'map', of: any }
      case 'listExpr': {
        const [first = any] = this.#all(partsOf(expr), scope)
        return { kind: 'list', of: exprKind.value.elements.length === 1 ? first : any }
      }
      default:
        return this.#add(expr, 'this is no expression')
    }
  }

  #all(parts: readonly Expr[], scope: Scope): readonly Shape[] {
    return parts.map((part) => this.#shapeOf(part, scope))
  }

  #named(expr: Expr, name: string, scope: Scope): Shape {
    const shape = scope.get(name) ?? roots.get(name)
    if (shape !== undefined)
      return shape.kind === 'record' && !scope.has(name)
        ? this.#add(expr, `"${name}" is no value by itself; it has ${listed(shape.fields.keys())}`)
        : shape
    if (TYPES.has(name)) return any
    return this.#add(expr, `there is no "${name}"${hint(name, [...scope.keys(), ...roots.keys()])}`)
  }

  #field(expr: Expr, operand: Expr, field: string, scope: Scope): Shape {
    const shape = this.#owner(operand, scope)
    switch (shape.kind) {
      case 'any':
        return any
      case 'map':
        return shape.of
      case 'record':
        return (
          shape.fields.get(field) ??
          this.#add(expr, `"${shape.name}" has no "${field}"${hint(field, [...shape.fields.keys()])}`)
        )
      default:
        return this.#add(expr, `${NAMES[shape.kind]} has no "${field}"`)
    }
  }

  /** A record counts as what its field is asked of. */
  #owner(operand: Expr, scope: Scope): Shape {
    if (operand.exprKind.case === 'identExpr') {
      const { name } = operand.exprKind.value
      const shape = scope.get(name) ?? roots.get(name)
      if (shape?.kind === 'record') return shape
    }
    return this.#shapeOf(operand, scope)
  }

  #call(expr: Expr, call: Call, scope: Scope): Shape {
    const { function: name, args, target } = call
    if (logical.has(name)) {
      for (const arg of args) this.condition(arg, scope)
      return bool
    }
    if (name === '_?_:_') return this.#choice(args, scope)
    if (name === '_[_]') return this.#element(args, scope)
    const given = this.#all(args, scope)
    const operator = operators.get(name)
    if (operator !== undefined) {
      if (operator.kind === 'any' && given[0]?.kind === given[1]?.kind) return given[0] ?? any
      return operator
    }
    if (target !== undefined) this.#shapeOf(target, scope)
    const known = callables.get(name)
    if (known === undefined)
      return this.#add(expr, `there is no function "${name}"${hint(name, [...callables.keys()])}`)
    const counts = target === undefined ? known.plain : known.method
    if (counts.length === 0)
      return this.#add(
        expr,
        target === undefined
          ? `"${name}" is called on a value: x.${name}()`
          : `"${name}" is called without a value before it`,
      )
    if (!counts.includes(args.length))
      return this.#add(expr, `"${name}" takes ${counts.join(' or ')} ${counts[0] === 1 ? 'argument' : 'arguments'}`)
    if (name === 'matches') this.#pattern(expr, args[0])
    if (name.startsWith('get') && args.length === 1 && textOf(args[0]) === undefined)
      return this.#add(expr, 'a time zone is written out: its name in quotes')
    return known.result
  }

  /** One that came with the request could be made to take long. */
  #pattern(expr: Expr, pattern: Expr | undefined): void {
    const written = textOf(pattern)
    const problem = written === undefined ? 'a regular expression is written out: in quotes' : patternProblem(written)
    if (problem !== undefined) this.#add(pattern ?? expr, problem)
  }

  #choice(args: readonly Expr[], scope: Scope): Shape {
    const [asked, ...answers] = args
    if (asked !== undefined) this.condition(asked, scope)
    const [first = any, second = any] = this.#all(answers, scope)
    return first.kind === second.kind ? first : any
  }

  #element(args: readonly Expr[], scope: Scope): Shape {
    const [of, at] = args
    const key = textOf(at)
    // `request["path"]` is the same as `request.path`.
    const shape = of === undefined ? any : this.#owner(of, scope)
    if (shape.kind === 'record')
      return key === undefined || of === undefined
        ? this.#add(of ?? NOTHING, `a field of "${shape.name}" is named`)
        : this.#field(of, of, key, scope)
    if (at !== undefined) this.#shapeOf(at, scope)
    return shape.kind === 'map' || shape.kind === 'list' ? shape.of : any
  }

  #comprehension(expr: Expr, made: Comprehension, scope: Scope): Shape {
    const { iterRange, iterVar, accuVar, accuInit, loopCondition, loopStep, result } = made
    const range = iterRange === undefined ? any : this.#shapeOf(iterRange, scope)
    if (range.kind !== 'any' && range.kind !== 'list' && range.kind !== 'map')
      return this.#add(iterRange ?? expr, `expected a list or a map, and this is ${NAMES[range.kind]}`)
    const element = range.kind === 'list' ? range.of : range.kind === 'map' ? text : any
    const start = accuInit === undefined ? any : this.#shapeOf(accuInit, scope)
    // What a macro gathers has a type of its own, but for `map`, whose list holds whatever it makes.
    const gathered: Shape = start.kind === 'list' ? { kind: 'list', of: any } : start
    const inner = new Map([...scope, [iterVar, element], [accuVar, gathered]])
    for (const part of [loopCondition, loopStep]) if (part !== undefined) this.#shapeOf(part, inner)
    return result === undefined ? any : this.#shapeOf(result, new Map([...scope, [accuVar, gathered]]))
  }
}

const NOTHING = { id: 0n } as const

const NAMES: Readonly<Record<Shape['kind'], string>> = {
  any: 'anything',
  bool: 'true or false',
  string: 'a text',
  int: 'a number',
  double: 'a number',
  bytes: 'bytes',
  null: 'null',
  time: 'a time',
  span: 'a duration',
  list: 'a list',
  map: 'a map',
  record: 'a record',
}

function listed(names: Iterable<string>): string {
  return [...names].toSorted().join(', ')
}

function hint(name: string, known: readonly string[]): string {
  const meant = nearest(name, known)
  return meant === undefined ? '' : `; did you mean "${meant}"?`
}
