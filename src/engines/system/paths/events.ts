/** Events: the stream of them, and the webhooks that take them to receivers. */
import {
  absent,
  badRequest,
  definePath,
  done,
  f,
  listing,
  none,
  ok,
  okData,
  pageFields,
  replySchema,
  type JsonOut,
  type PathDefinition,
  type Reply,
} from '#framework'
import { rfc3339 } from '../../../lib/rfc3339.ts'
import { SWITCHING, UPGRADE_HEADERS } from '../../../request/stream-messages.ts'
import type { SubscriptionsPort, WebhookConfig, WebhooksPort } from '../../../request/event-ports.ts'
import type { Request } from '../../../request/request.ts'

export interface EventPathPorts {
  readonly subscriptions: SubscriptionsPort
  readonly webhooks: WebhooksPort
}

const streamReply = replySchema(
  'The connection is a WebSocket from now on. Each message is one event: JSON, or Protocol Buffers.',
  {},
  { contentType: 'application/cloudevents+json' },
)
const webhookReply = replySchema('The webhook, without its secret.', {
  url: f.string('Where events go.'),
  event_types: f.strings('Which types of events.'),
  filter: f.string('What else must hold of them.'),
  namespaces: f.strings('Namespaces below this one whose events go there, too.'),
  ca_cert: f.string('Authorities that the receiver is known by.'),
  max_attempts: f.int('After how many attempts an event is given up; 0 for none.'),
  max_pending: f.int('How many events wait at most.'),
})
const secretReply = replySchema('The secret that was made, which is shown this once.', {
  secret: f.string('By it the receiver checks signatures.'),
})
const listReply = replySchema('The webhooks.', { keys: f.list('Their names.') })
const statusReply = replySchema('How the webhook stands.', {
  pending: f.int('Events that wait.'),
  delivered: f.int('Events that were taken.'),
  dropped: f.int('Events that were given up, or pushed out by newer ones.'),
  attempts: f.int('Attempts for the event that is first in line.'),
  last_delivery_time: f.string('When the last one was taken; empty for never.'),
  last_error: f.string('Why the last failed attempt did.'),
  last_error_time: f.string('When that was.'),
  next_attempt_time: f.string('When the next one is made, where it waits after a failure.'),
  stopped: f.bool('The receiver said that it is gone (410): nothing is sent until the webhook is written again.'),
})
const testReply = replySchema('What came of it.', {
  delivered: f.bool('Whether the receiver took it.'),
  status_code: f.int('What it answered; 0 for nothing.'),
  error: f.string('Why not.'),
})

const params = { name: f.name('Name of the webhook.') }
const PATH = 'events/webhooks'
const MAX_PENDING = 10_000

export function eventPaths({ subscriptions, webhooks }: EventPathPorts): readonly PathDefinition[] {
  return [
    definePath('events/subscribe/{eventType*}', {
      help: 'Subscribe to events.',
      params: { eventType: 'The type, which may hold "*": "kv-v2/data-write", "kv*".' },
      flags: { place: 'leader', neverWrapped: true },
    }).read({
      summary: 'Subscribe to events over a WebSocket.',
      description:
        'Besides this path, policies have to grant `subscribe` on the path that an event is about, with its type among ' +
        '`subscribe_event_types`; and `list` there, too, for events of namespaces below this one. All of it is looked at anew for each event.',
      operationId: 'events-subscribe',
      fields: {
        json: f.string('"true" for JSON in the form of CloudEvents; else Protocol Buffers.').default(''),
        namespaces: f
          .string('Namespaces below this one, besides it; may hold "*". Sent again for each further one.')
          .default(''),
        filter: f.string('An expression that must hold of an event: `data_path == secret/data/app`.').default(''),
      },
      replies: { 101: streamReply },
      run: (c) => {
        const refusal = notUpgrading(c.request)
        if (refusal !== undefined) return refusal
        const wish = {
          type: c.params.eventType,
          json: booleanOf(c.in.json),
          namespaces: (c.request.pairs ?? []).flatMap(([name, value]) => (name === 'namespaces' ? [value] : [])),
          filter: c.in.filter,
        }
        const body = subscriptions.open(c.request, wish)
        return { status: SWITCHING, headers: UPGRADE_HEADERS, raw: { contentType: 'application/octet-stream', body } }
      },
    }),
    definePath(PATH, { help: 'Webhooks: receivers that events are sent to.', params: {} }).list({
      summary: 'List the webhooks.',
      operationId: 'events-list-webhooks',
      fields: pageFields,
      replies: { 200: listReply },
      run: async (c) => listing(await webhooks.list(c.view, c.request.namespace)),
    }),
    definePath(`${PATH}/{name}`, {
      help: 'A receiver that events are sent to, signed, in order, and again until it has taken them.',
      params,
    })
      .read({
        summary: 'Read a webhook.',
        operationId: 'events-read-webhook',
        replies: { 200: webhookReply },
        run: async (c) => {
          const found = (await webhooks.get(c.view, c.request.namespace, c.params.name)) ?? absent()
          return okData(shown(found))
        },
      })
      .write({
        summary: 'Make or change a webhook.',
        description:
          'What is left out stays as it is. Whoever may write it learns of all events of the namespace, whatever else he may do: so it ' +
          'takes sudo, as audit devices do.',
        operationId: 'events-write-webhook',
        flags: { sudo: true },
        fields: {
          url: f.string('Where: https://, or http:// for a receiver on this machine.').optional(),
          event_types: f.strings('Which types of events, each of which may hold "*"; all if never given.').optional(),
          filter: f.string('An expression that must hold of an event.').optional(),
          namespaces: f.strings('Namespaces below this one whose events go there, too; each may hold "*".').optional(),
          secret: f
            .string('"whsec_" and Base64: by it the receiver checks signatures. One is made where there is none.')
            .sensitive()
            .optional(),
          ca_cert: f.string('PEM: the authorities that may have signed its certificate.').optional(),
          max_attempts: f.int('After how many attempts an event is given up; 0, the default, for none.').optional(),
          max_pending: f
            .int(`How many events wait at most; of more, the oldest are dropped. ${MAX_PENDING} if never given.`)
            .optional(),
        },
        replies: { 200: secretReply, 204: none },
        run: async (c) => {
          const { namespace } = c.request
          const before = await webhooks.get(c.view, namespace, c.params.name)
          const given = c.in
          const secret = given.secret ?? before?.secret ?? webhooks.newSecret()
          await webhooks.put(c.view, namespace, c.params.name, {
            url: given.url ?? before?.url ?? '',
            types: given.event_types ?? before?.types ?? ['*'],
            filter: given.filter ?? before?.filter ?? '',
            namespaces: given.namespaces ?? before?.namespaces ?? [],
            secret,
            caCert: given.ca_cert ?? before?.caCert ?? '',
            maxAttempts: given.max_attempts ?? before?.maxAttempts ?? 0,
            maxPending: given.max_pending ?? before?.maxPending ?? MAX_PENDING,
          })
          return given.secret === undefined && before === undefined ? ok(secretReply, { secret }) : done()
        },
      })
      .delete({
        summary: 'Delete a webhook, with the events that wait for it.',
        operationId: 'events-delete-webhook',
        flags: { sudo: true },
        replies: { 204: none },
        run: async (c) => {
          await webhooks.delete(c.view, c.request.namespace, c.params.name)
          return done()
        },
      }),
    definePath(`${PATH}/{name}/status`, {
      help: 'How a webhook stands.',
      params,
      flags: { place: 'leader' },
    }).read({
      summary: 'Tell how many events wait, what was delivered last and what failed.',
      operationId: 'events-read-webhook-status',
      replies: { 200: statusReply },
      run: async (c) => {
        const status = (await webhooks.status(c.view, c.request.namespace, c.params.name)) ?? absent()
        return ok(statusReply, {
          pending: status.pending,
          delivered: status.delivered,
          dropped: status.dropped,
          attempts: status.attempts,
          last_delivery_time: timeOf(status.lastDelivery),
          last_error: status.lastError,
          last_error_time: timeOf(status.lastErrorAt),
          next_attempt_time: timeOf(status.nextAttempt),
          stopped: status.stopped,
        })
      },
    }),
    definePath(`${PATH}/{name}/test`, {
      help: 'Try a webhook out.',
      params,
      flags: { place: 'leader', sudo: true },
    }).compute({
      summary: 'Send an event that says it is a test, past those that wait.',
      operationId: 'events-test-webhook',
      replies: { 200: testReply },
      run: async (c) => {
        const { namespace } = c.request
        const config = (await webhooks.get(c.view, namespace, c.params.name)) ?? absent()
        const { delivered, status, error } = await webhooks.test(namespace, c.params.name, config, c.request.signal())
        return ok(testReply, { delivered, status_code: status, error })
      },
    }),
  ]
}

/** What a client is told that does not ask for a WebSocket, as by RFC 6455, 4.2.2. */
function notUpgrading({ headers }: Request): Reply | undefined {
  const connection = (headers.get('connection') ?? []).join(',')
  const upgrade = (headers.get('upgrade') ?? []).join(',')
  const [version = ''] = headers.get('sec-websocket-version') ?? []
  if (!hasToken(connection, 'upgrade'))
    return upgradeRequired(
      `WebSocket protocol violation: Connection header ${JSON.stringify(connection)} does not contain Upgrade`,
    )
  if (!hasToken(upgrade, 'websocket'))
    return upgradeRequired(
      `WebSocket protocol violation: Upgrade header ${JSON.stringify(upgrade)} does not contain websocket`,
    )
  return version === '13' && headers.has('sec-websocket-key')
    ? undefined
    : upgradeRequired('unsupported WebSocket protocol version or no key')
}

function upgradeRequired(reason: string): Reply {
  const body = `${JSON.stringify({ errors: [reason] })}\n`
  const headers = [...UPGRADE_HEADERS, ['Sec-WebSocket-Version', '13'] as const]
  return { status: 426, headers, raw: { contentType: 'application/json', body } }
}

function hasToken(list: string, member: string): boolean {
  return list.split(',').some((one) => one.trim().toLowerCase() === member)
}

/** Go's words for a truth, as Vault takes them. */
function booleanOf(text: string): boolean {
  if (['1', 't', 'true'].includes(text.toLowerCase())) return true
  if (['', '0', 'f', 'false'].includes(text.toLowerCase())) return false
  return badRequest('invalid parameter for JSON')
}

function shown(config: WebhookConfig): { readonly [name: string]: JsonOut } {
  return {
    ca_cert: config.caCert,
    event_types: config.types,
    filter: config.filter,
    max_attempts: config.maxAttempts,
    max_pending: config.maxPending,
    namespaces: config.namespaces,
    url: config.url,
  }
}

function timeOf(ms: number): string {
  return ms === 0 ? '' : rfc3339(ms)
}
