import { defineErrors } from '../errors/coffer-error.ts'

export const eventErrors = defineErrors('EVENTS', {
  NO_TYPE: { status: 400, message: 'did not specify eventType to subscribe to' },
  FILTER: { status: 400, message: (p: { reason: string }) => `invalid filter: the expression ${p.reason}` },
  NAMESPACES: { status: 400, message: (p: { takes: string }) => `namespaces takes ${p.takes}` },
  SUBSCRIPTIONS: { status: 429, message: 'too many subscriptions to events' },
  WEBHOOK_URL: { status: 400, message: (p: { reason: string }) => `url ${p.reason}` },
  WEBHOOK_TYPES: { status: 400, message: 'event_types takes at least one event type, which may hold "*"' },
  WEBHOOK_SECRET: {
    status: 400,
    message: 'secret takes "whsec_" and between 24 and 64 bytes in Base64; left out, one is made',
  },
  WEBHOOK_CA: { status: 400, message: 'ca_cert takes certificates as PEM' },
  WEBHOOK_LIMIT: { status: 400, message: (p: { field: string; takes: string }) => `${p.field} takes ${p.takes}` },
  WEBHOOKS: {
    status: 400,
    message: (p: { most: number }) => `there are ${p.most} webhooks already, as many as can be`,
  },
})
