/** The events of a core, tied to what it knows of tokens, policies and namespaces. */
import { Events, type EventsDeps } from '../events/index.ts'
import type { NamespaceLookup } from '../request/namespace-ports.ts'
import type { Cluster } from './cluster.ts'
import { encodeIndex } from './state-index.ts'
import { subscribers, type SubscribersDeps } from './subscribers.ts'
import { version } from './version.ts'

export interface EventHouseDeps
  extends Pick<EventsDeps, 'store' | 'clock' | 'log' | 'metrics'>, Pick<SubscribersDeps, 'tokens' | 'policies'> {
  readonly namespaces: Pick<NamespaceLookup, 'byId' | 'lockedAt' | 'isSealed'>
  readonly cluster: Cluster
  /** Folders of the namespaces that can be read; empty is that of all that have none. */
  homes(): readonly string[]
  /** Webhooks may speak plain HTTP with other machines. */
  readonly allowHttpWebhooks?: boolean
}

export function eventHouse(deps: EventHouseDeps): Events {
  const { store, clock, log, metrics, namespaces, cluster, allowHttpWebhooks = false } = deps
  return new Events({
    store,
    clock,
    log: log.named('events'),
    metrics,
    subscribers: subscribers(deps),
    webhooks: { allowHttp: allowHttpWebhooks, userAgent: `Coffer/${version}` },
    homes: deps.homes,
    namespace: (id) => namespaces.byId(id),
    source: () => `coffer://${cluster.get()?.id ?? ''}`,
    indexOf: encodeIndex,
  })
}
