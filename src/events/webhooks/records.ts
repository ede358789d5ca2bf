/** The one file that spells the storage keys of webhooks: what was configured, how each stands, and the events that wait for it. */
import { f, namespaceCollection, type Infer } from '../../framework/index.ts'
import { homeOf } from '../../request/namespace-home.ts'
import type { ReadView } from '../../storage/view.ts'
import type { Event } from '../event.ts'

/** Of all that is kept here, by namespace, in one home or in none. */
export const PREFIX = 'core/events/'

/** Of all that is kept here for a namespace. */
export function eventsPrefix(namespaceId: string): string {
  return `${homeOf(namespaceId)}${PREFIX}${namespaceId}/`
}

const hookFields = {
  /** Of its outbox: a webhook that is deleted and made again under its name gets nothing of what waited for the first. */
  id: f.string(),
  url: f.string(),
  secret: f.string(),
  types: f.list(),
  namespaces: f.list(),
  filter: f.string(),
  caCert: f.string(),
  maxAttempts: f.int(),
  maxPending: f.int(),
} as const
export type Hook = Infer<typeof hookFields>
export const hooks = namespaceCollection(`${PREFIX}{namespace}/webhooks/{name}`, hookFields)

export function hooksFolder(namespaceId: string): string {
  return `${namespaceId}/webhooks/`
}

const stateFields = {
  delivered: f.int(),
  /** Given up, or pushed out by newer ones. */
  dropped: f.int(),
  /** Of the event that is first in line. */
  attempts: f.int(),
  /** Wall clock, ms; 0 for never. */
  lastDelivery: f.int(),
  lastError: f.string(),
  lastErrorAt: f.int(),
  nextAttempt: f.int(),
  stopped: f.bool(),
} as const
export type HookState = Infer<typeof stateFields>
/** By the id of the webhook. */
export const states = namespaceCollection(`${PREFIX}{namespace}/states/{id}`, stateFields)

export const freshState: HookState = Object.freeze({
  delivered: 0,
  dropped: 0,
  attempts: 0,
  lastDelivery: 0,
  lastError: '',
  lastErrorAt: 0,
  nextAttempt: 0,
  stopped: false,
})

const waitingFields = {
  id: f.string(),
  time: f.string(),
  type: f.string(),
  namespaceId: f.string(),
  namespace: f.string(),
  metadata: f.pairs(),
  class: f.enum(['secret', 'auth', 'system']),
  accessor: f.string(),
  path: f.string(),
  plugin: f.string(),
  version: f.string(),
} as const
/** In the order in which they are to leave. */
const waiting = namespaceCollection(`${PREFIX}{namespace}/outbox/{id}/{number}`, waitingFields)

/** Of microseconds since the epoch, until the year 2286. */
const DIGITS = 16

export interface Place {
  readonly namespace: string
  /** Of the webhook. */
  readonly id: string
  readonly number: number
}

export const outbox = {
  prefix: (namespaceId: string): string => `${eventsPrefix(namespaceId)}outbox/`,
  encode: ({ mount, namespace, ...event }: Event): Uint8Array =>
    waiting.encode({ ...event, ...mount, namespace: namespace.path, namespaceId: namespace.id }),
  key: ({ number, ...place }: Place): string => waiting.key({ ...place, number: String(number).padStart(DIGITS, '0') }),
  get: async (view: ReadView, place: Place): Promise<Event | undefined> => {
    const bytes = await view.get(outbox.key(place))
    if (bytes === undefined) return undefined
    const { id, time, type, namespace, namespaceId, metadata, ...mount } = waiting.decode(bytes)
    return { id, time, type, namespace: { id: namespaceId, path: namespace }, metadata, mount }
  },
  /** Their numbers, the oldest first. */
  numbers: async (view: ReadView, namespace: string, id: string): Promise<readonly number[]> =>
    (await waiting.list(view, `${namespace}/outbox/${id}/`)).map(Number),
} as const
