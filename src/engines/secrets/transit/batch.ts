/**
 * Many items in one request. Each item fails for itself; what its refusal says stands in its place and tells of no other item. The
 * request's status is the worst of them, or what the client would rather have where some went well.
 */
import { setImmediate } from 'node:timers/promises'
import { CofferError, f, type RawJson, type JsonOut, type JsonValue, type Reply } from '#framework'
import { transitErrors } from './errors.ts'

/** In a reply's schema. */
export const batchResults = f.array(f.map(), 'One result for each item, in their order.')

type Item = { readonly [name: string]: JsonValue }

/** Names whose values are strings, and those whose values are whole numbers. */
export interface ItemShape {
  readonly strings: readonly string[]
  readonly numbers?: readonly string[]
  /** A string that must be there, and the words for its absence. */
  readonly required?: { readonly name: string; readonly missing: string }
}

export class BatchItem {
  readonly #members: Item

  constructor(members: Item) {
    this.#members = members
  }

  has(name: string): boolean {
    return typeof this.#members[name] === 'string'
  }

  /** The client's own mark of the item, which stands in its result. */
  get reference(): string {
    return this.text('reference')
  }

  /** Empty where it is absent. */
  text(name: string): string {
    const value = this.#members[name]
    return typeof value === 'string' ? value : ''
  }

  number(name: string): number {
    const value = this.#members[name]
    return typeof value === 'number' ? value : 0
  }
}

/** Throws `TRANSIT_BATCH` with all that is wrong with the items' form, or `TRANSIT_MISSING`. */
export function parseBatch(raw: RawJson, shape: ItemShape): readonly BatchItem[] {
  const value = raw.value()
  if (!isList(value)) throw transitErrors.BATCH({ faults: 'it takes a list' })
  if (value.length === 0) throw transitErrors.MISSING({ what: 'batch input to process' })
  const faults: string[] = []
  const items: BatchItem[] = []
  for (let i = 0; i < value.length; i++) {
    const item = value[i]
    if (!isItem(item)) throw transitErrors.BATCH({ faults: `[${i}] expected a map` })
    collectFaults(item, i, shape, faults)
    items.push(new BatchItem(item))
  }
  if (faults.length > 0) throw transitErrors.BATCH({ faults: faults.join('\n') })
  return items
}

function collectFaults(item: Item, i: number, { strings, numbers = [], required }: ItemShape, faults: string[]): void {
  for (const name of strings) {
    const value = item[name]
    if (value !== undefined && value !== null && typeof value !== 'string')
      faults.push(`'[${i}].${name}' expected type 'string'`)
  }
  for (const name of numbers) {
    const value = item[name]
    if (value !== undefined && value !== null && !Number.isSafeInteger(value))
      faults.push(`'[${i}].${name}' expected type 'int'`)
  }
  if (required !== undefined && !Object.hasOwn(item, required.name))
    faults.push(`'[${i}].${required.name}' ${required.missing}`)
}

// Array.isArray does not narrow readonly arrays.
function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}

function isItem(value: JsonValue | undefined): value is Item {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What became of one item. */
export type Outcome<T> = { readonly value: T } | { readonly error: string; readonly status: number }

/** How long a batch may keep others waiting, ms. */
const TURN = 10

/** One after the other; every few milliseconds others get their turn. */
export async function each<T, R>(items: readonly T[], work: (item: T, i: number) => Promise<R>): Promise<Outcome<R>[]> {
  const out: Outcome<R>[] = []
  let began = performance.now()
  for (let i = 0; i < items.length; i++) {
    const item = items[i]
    if (item === undefined) continue
    out.push(await outcomeOf(() => work(item, i)))
    if (performance.now() - began < TURN) continue
    await setImmediate()
    began = performance.now()
  }
  return out
}

async function outcomeOf<R>(work: () => Promise<R>): Promise<Outcome<R>> {
  try {
    return { value: await work() }
  } catch (error) {
    // What nobody foresaw says nothing of itself, here as elsewhere.
    if (!(error instanceof CofferError)) throw error
    return { error: error.messages.join('; '), status: error.status }
  }
}

type Members = { readonly [name: string]: JsonOut }

/** Of each item `members` of what became of it, or its refusal behind the members of `refused`; and its reference. */
export function resultsOf<T>(
  items: readonly { readonly reference: string }[],
  outcomes: readonly Outcome<T>[],
  members: (value: T) => Members,
  refused: Members = {},
): readonly JsonOut[] {
  return outcomes.map((outcome, i) => {
    const reference = items[i]?.reference ?? ''
    return 'error' in outcome
      ? { ...refused, error: outcome.error, reference }
      : { ...members(outcome.value), reference }
  })
}

/**
 * `batch_results`, with the status that the outcomes call for: the client's faults before the server's, since trying again does not help
 * against those.
 */
export function batchReply(
  results: readonly JsonOut[],
  outcomes: readonly Outcome<unknown>[],
  partialFailureCode: number | undefined,
): Reply {
  const data = { batch_results: results }
  const failed = outcomes.filter((outcome) => 'error' in outcome)
  if (failed.length === 0) return { data }
  const status = failed.some((outcome) => outcome.status < 500) ? 400 : 500
  if (partialFailureCode === undefined || failed.length === outcomes.length) return { status, data }
  if (partialFailureCode >= 200 && partialFailureCode <= 599) return { status: partialFailureCode, data }
  const warning = `invalid HTTP response code override from partial_failure_response_code, reverting to ${status}`
  return { status, data, warnings: [warning] }
}
