/** A serving thread: listens at the server's addresses beside the others, answers what only reads, and hands on the rest. */
import { parentPort, workerData } from 'node:worker_threads'
import { composeThread } from '../../core/compose-thread.ts'
import { RequestLog } from '../../core/request-log.ts'
import { systemClock } from '../../lib/clock.ts'
import { createLogger, heardLine, LogLevels, Metrics, takeProfile } from '../../lib/observe/index.ts'
import { startListener, type Listener } from '../../listener/index.ts'
import { openFollower } from '../storage.ts'
import { surviveStrays } from '../strays.ts'
import { AuditPort } from './audit-port.ts'
import { ForwardingPort } from './forwarding-port.ts'
import type { FromThread, Order, ThreadData, ToThread } from './messages.ts'
import { SharedState } from './shared-state.ts'

const port = parentPort
if (port === null) throw new Error('this is the code of a serving thread')
const data: ThreadData = workerData
const post = (message: FromThread): void => port.postMessage(message)

const clock = systemClock
const shared = new SharedState(data.shared)
const levels = new LogLevels('off')
levels.adopt(data.levels)
const log = createLogger({
  levels,
  format: data.logFormat,
  clock,
  sinks: [{ write: (line) => post({ kind: 'log', line }) }],
  // Told of every line: only in a process where somebody looks on are there more than the log takes.
  tap: { hear: (entry) => levels.isHeard && post({ kind: 'heard', line: heardLine(entry) }) },
})
surviveStrays(log)
const metrics = new Metrics(clock, data.maxSeries, true)
const requestLog = new RequestLog(log.named('core'), data.logRequests)
const forwarding = new ForwardingPort(post)
const auditPort = new AuditPort(post)
const driver = await openFollower(data.storage, () => shared.announced, {
  clock,
  log: log.named('storage'),
  cachedEntries: data.cachedEntries,
})
const core = composeThread({
  driver,
  clock,
  log: log.named('core'),
  metrics,
  systemLimits: data.systemLimits,
  administrative: data.administrative,
  rateBuckets: data.rateBuckets,
  rawStorage: data.rawStorage,
  introspection: data.introspection,
  auditDevices: data.auditDevices,
  auditForbiddenFolders: data.auditForbiddenFolders,
  allowApiAuditCreation: data.allowApiAuditCreation,
  allowAuditPrefix: data.allowAuditPrefix,
  auditRelay: (device, lines) => auditPort.relay(device, lines),
  requestLog,
  hostname: data.hostname,
  hostnameHeader: data.hostnameHeader,
  allowed: () => shared.allowed,
  elsewhere: (wire, streamed) => forwarding.forward(wire, streamed),
})
let listeners: Listener[] = []

async function carryOut(order: Order): Promise<unknown> {
  switch (order.kind) {
    case 'open':
      return core.open(order.keys)
    case 'openHome':
      return core.openHome(order.name, order.rootKey)
    case 'closeHome':
      return core.closeHome(order.name)
    case 'close':
      return core.close()
    case 'listen':
      for (const config of order.listeners)
        listeners.push(await startListener(config, core.handler, { clock, log: log.named('http'), metrics }))
      return undefined
    case 'reloadCertificates': {
      const outcomes = await Promise.allSettled(listeners.map((listener) => listener.reload()))
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
      return undefined
    }
    case 'doors':
      for (const [i, doors] of order.doors.entries()) listeners[i]?.setDoors(doors)
      return undefined
    case 'reopenAuditFiles':
      return core.reopenAuditFiles()
    case 'levels':
      levels.adopt(order.levels)
      requestLog.level = order.requests
      return undefined
    case 'tallies':
      return metrics.tallies()
    case 'profile':
      return takeProfile(order.wish.kind, order.wish.seconds, clock)
    case 'inFlight':
      return core.inFlight.list()
    case 'quiet': {
      const open = listeners
      listeners = []
      await Promise.all(open.map((listener) => listener.close(order.grace)))
      return undefined
    }
  }
}

async function obey(id: number, order: Order): Promise<void> {
  try {
    post({ kind: 'done', id, result: await carryOut(order) })
  } catch (error) {
    post({ kind: 'failed', id, reason: error instanceof Error ? error.message : 'unknown' })
  }
}

port.on('message', (message: ToThread) => {
  if (message.kind === 'order') void obey(message.id, message.order)
  else if (message.kind === 'audited') auditPort.receive(message.id, message.taken)
  else forwarding.receive(message)
})
post({ kind: 'ready' })
