/** The functions that expressions may call: CEL's own, those of its strings that are cheap, and one for addresses. */
import { any, bool, int, listOf, text, time, type Shape } from './shapes.ts'

export interface Callable {
  /** How many arguments it takes, without and with a target (`x.f()`). */
  readonly plain: readonly number[]
  readonly method: readonly number[]
  readonly result: Shape
}

const span: Shape = { kind: 'span' }
const double: Shape = { kind: 'double' }
const bytes: Shape = { kind: 'bytes' }
const plain = (result: Shape, ...counts: number[]): Callable => ({ plain: counts, method: [], result })
const method = (result: Shape, ...counts: number[]): Callable => ({ plain: [], method: counts, result })

const TIME_PARTS = [
  'getDate',
  'getDayOfMonth',
  'getDayOfWeek',
  'getDayOfYear',
  'getFullYear',
  'getHours',
  'getMilliseconds',
  'getMinutes',
  'getMonth',
  'getSeconds',
]

export const callables: ReadonlyMap<string, Callable> = new Map<string, Callable>([
  ['size', { plain: [1], method: [0], result: int }],
  ['contains', method(bool, 1)],
  ['startsWith', method(bool, 1)],
  ['endsWith', method(bool, 1)],
  ['matches', { plain: [], method: [1], result: bool }],
  ['lowerAscii', method(text, 0)],
  ['upperAscii', method(text, 0)],
  ['trim', method(text, 0)],
  ['split', method(listOf(text), 1)],
  ['substring', method(text, 1, 2)],
  ['indexOf', method(int, 1)],
  ['lastIndexOf', method(int, 1)],
  ['cidr_contains', plain(bool, 2)],
  ['int', plain(int, 1)],
  ['uint', plain(any, 1)],
  ['double', plain(double, 1)],
  ['string', plain(text, 1)],
  ['bool', plain(bool, 1)],
  ['bytes', plain(bytes, 1)],
  ['duration', plain(span, 1)],
  ['timestamp', plain(time, 1)],
  ['type', plain(any, 1)],
  ['dyn', plain(any, 1)],
  ...TIME_PARTS.map((name): [string, Callable] => [name, method(int, 0, 1)]),
])

/** Of the strings extension; the others can make much out of little. */
export const taken: ReadonlySet<string> = new Set([
  'lowerAscii',
  'upperAscii',
  'trim',
  'split',
  'substring',
  'indexOf',
  'lastIndexOf',
])

/** What operators give; `_+_` and the like give what they are given. */
export const operators: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ['_==_', bool],
  ['_!=_', bool],
  ['_<_', bool],
  ['_<=_', bool],
  ['_>_', bool],
  ['_>=_', bool],
  ['@in', bool],
  ['!_', bool],
  ['_&&_', bool],
  ['_||_', bool],
  ['@not_strictly_false', bool],
  ['_+_', any],
  ['_-_', any],
  ['_*_', any],
  ['_/_', any],
  ['_%_', any],
  ['-_', any],
])

/** Operators that take nothing but true and false. */
export const logical: ReadonlySet<string> = new Set(['!_', '_&&_', '_||_'])
