/** Which events somebody wants: their types, their namespaces, and an expression over what stands in them. */
import { ExpressionError, parseCondition, type Condition } from '../lib/condition/expression.ts'
import { matchGlob } from '../lib/glob.ts'
import type { SelectionWish } from '../request/event-ports.ts'
import type { Namespace } from '../request/request.ts'
import { eventErrors } from './errors.ts'
import { operationOf, type Event } from './event.ts'

export interface Selection {
  /** By type, namespace and filter. */
  takes(event: Event): boolean
}

const MOST_PATTERNS = 100
const LONGEST_PATTERN = 512

/** What a filter can ask for, besides `metadata.` and the name of a member of that. */
const PROPERTIES: ReadonlyMap<string, (event: Event) => string> = new Map([
  ['event_type', ({ type }) => type],
  ['operation', ({ type }) => operationOf(type)],
  ['source_plugin_mount', ({ mount }) => mount.path],
  ['namespace', ({ namespace }) => namespace.path],
  ['data_path', ({ metadata }) => metadata.get('data_path') ?? ''],
  ['path', ({ metadata }) => metadata.get('path') ?? ''],
])
const METADATA = /^metadata\.(\w+)$/

/** @param from the namespace that asks. Throws `EVENTS_FILTER` or `EVENTS_NAMESPACES`. */
export function selectionOf(wish: SelectionWish, from: Namespace): Selection {
  const condition = conditionOf(wish.filter)
  const namespaces = patternsOf(wish.namespaces, from)
  return {
    takes: (event) =>
      wish.types.some((pattern) => matchGlob(pattern, event.type)) &&
      namespaces.some((pattern) => matchGlob(pattern, bare(event.namespace.path))) &&
      (condition === undefined || condition((selector) => valueOf(event, selector))),
  }
}

function conditionOf(filter: string): Condition | undefined {
  if (filter.trim() === '') return undefined
  try {
    return parseCondition(filter, (selector) => PROPERTIES.has(selector) || METADATA.test(selector))
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    throw eventErrors.FILTER({ reason: error.message })
  }
}

function valueOf(event: Event, selector: string): string {
  const property = PROPERTIES.get(selector)
  if (property !== undefined) return property(event)
  return event.metadata.get(METADATA.exec(selector)?.[1] ?? '') ?? ''
}

/** Only ever the namespace itself and what is below it, whatever somebody asks for. */
function patternsOf(wishes: readonly string[], from: Namespace): readonly string[] {
  if (wishes.length > MOST_PATTERNS) throw eventErrors.NAMESPACES({ takes: `at most ${MOST_PATTERNS} patterns` })
  if (wishes.some((wish) => wish.length > LONGEST_PATTERN))
    throw eventErrors.NAMESPACES({ takes: `patterns of at most ${LONGEST_PATTERN} characters` })
  const below = wishes.map((wish) => bare(wish.trim())).filter((wish) => wish !== '')
  return [bare(from.path), ...below.map((wish) => from.path + wish)]
}

/** Without slashes at either end. */
function bare(path: string): string {
  return path.replace(/^\/+|\/+$/g, '')
}
