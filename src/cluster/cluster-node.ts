/** A node among others that share its storage: it answers them while it leads, and hands on to the leader while it does not. */
import type { ClusterParts, ClusterPort, JoinCluster } from '../core/cluster-port.ts'
import { Followed } from '../core/followed.ts'
import type { Role } from '../core/lifecycle.ts'
import { collection, f } from '../framework/index.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import { rfc3339 } from '../lib/rfc3339.ts'
import type { LeaderAddress, ServerNode } from '../request/system-ports.ts'
import type { WireReply, WireRequest } from '../request/wire.ts'
import type { Election, Sequence } from '../storage/driver.ts'
import type { ReadView } from '../storage/view.ts'
import { makeClusterCertificate, type ClusterCertificate } from './certificate.ts'
import { Forwarder } from './forwarder.ts'
import { isNamespaceKey } from '../router/namespace-record.ts'
import { encodeIdentity, type NodeIdentity } from './identity.ts'
import { PeerServer } from './peer-server.ts'

const KEY = 'core/cluster-tls'
const certificates = collection(KEY, { certificate: f.string(), private_key: f.string() })

export interface ClusterNodeOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly election: Election
  readonly self: NodeIdentity
  /** Where it listens for the others while it leads. */
  readonly listen: { readonly host: string; readonly port: number }
  /** Told of the newest commit that a reply of the leader's was made after. */
  readonly sequenceSeen: (sequence: Sequence) => void
}

/** How often a node tells the leader that it is there, and for how long that counts, ms. */
const ECHO_EVERY = 5_000
const HEARD_FOR = 20_000
/** Where there was nobody to tell, ms. */
const ECHO_AGAIN = 500

export function clusterNode(options: ClusterNodeOptions): JoinCluster {
  return (parts) => new ClusterNode(options, parts)
}

class ClusterNode implements ClusterPort {
  readonly identity: string
  readonly #options: ClusterNodeOptions
  readonly #parts: ClusterParts
  readonly #forwarder: Forwarder
  readonly #followed: Followed
  readonly #heard = new Map<string, { readonly node: NodeIdentity; readonly at: number; readonly wall: number }>()
  #certificate: ClusterCertificate | undefined
  #server: PeerServer | undefined
  #echo: Timer | undefined
  #isWorking = false
  #unsubscribe: (() => void) | undefined
  #fetching: Promise<void> | undefined
  #fetchesAgain = false
  floor: Sequence = 0

  constructor(options: ClusterNodeOptions, parts: ClusterParts) {
    const { clock, log, election, self } = options
    this.#options = options
    this.#parts = parts
    this.identity = encodeIdentity(self)
    this.#followed = new Followed(parts.store.driver, KEY, (view) => this.#load(view))
    this.#forwarder = new Forwarder({
      clock,
      log,
      election,
      self,
      certificate: () => this.#newestCertificate(),
      sequenceSeen: (sequence) => {
        if (sequence > this.floor) this.floor = sequence
        options.sequenceSeen(sequence)
      },
    })
  }

  async start(role: Role): Promise<void> {
    this.#isWorking = true
    const { clock, log, listen } = this.#options
    if (role === 'reader') {
      await this.#parts.store.read((view) => this.#load(view))
      this.#unsubscribe = this.#parts.store.driver.subscribe(({ keys, reset }) => {
        // One may have been opened.
        if (reset === true || keys.some(isNamespaceKey)) void this.#fetchKeys()
      })
      void this.#echoNow()
      return
    }
    const certificate = await makeClusterCertificate(clock.now())
    await this.#parts.store.write(async (view) =>
      certificates.put(view, {}, { certificate: certificate.certificate, private_key: certificate.privateKey }),
    )
    this.#certificate = certificate
    this.#server = await PeerServer.listen(listen, certificate, {
      log,
      leads: () => this.#parts.leads(),
      sequence: () => this.#parts.store.driver.sequence,
      handler: this.#parts.handler,
      handOut: (names) => this.#parts.homes.handOut(names),
      heard: (node) => void this.#heard.set(node.id, { node, at: clock.monotonic(), wall: clock.now() }),
    })
  }

  stop(): void {
    this.#isWorking = false
    this.#echo?.cancel()
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
    this.#heard.clear()
    this.#forwarder.close()
    this.#server?.close()
    this.#server = undefined
    this.#certificate = undefined
  }

  get lags(): boolean {
    return this.#followed.lags
  }

  follow(view: ReadView): Promise<void> {
    return this.#followed.follow(view)
  }

  forward(wire: WireRequest, streamed: boolean): Promise<WireReply> {
    return this.#forwarder.forward(wire, streamed)
  }

  nodes(leads: boolean): readonly ServerNode[] {
    const { clock, self } = this.#options
    const shown = (node: NodeIdentity, active: boolean, lastEcho: string | undefined): ServerNode => ({
      hostname: node.hostname,
      apiAddress: node.apiAddress,
      clusterAddress: node.clusterAddress,
      active,
      lastEcho,
      version: node.version,
    })
    const others = [...this.#heard.values()].filter(({ at }) => clock.monotonic() - at < HEARD_FOR)
    return [
      shown(self, leads, undefined),
      ...others
        .toSorted((a, b) => (a.node.apiAddress < b.node.apiAddress ? -1 : 1))
        .map(({ node, wall }) => shown(node, false, rfc3339(wall))),
    ]
  }

  async leader(): Promise<LeaderAddress | undefined> {
    try {
      const known = await this.#forwarder.leader()
      if (known === undefined) return undefined
      const { apiAddress, clusterAddress, id } = known.identity
      return { apiAddress, clusterAddress, isSelf: id === this.#options.self.id }
    } catch {
      return undefined
    }
  }

  async #load(view: ReadView): Promise<void> {
    const stored = await certificates.get(view, {})
    this.#certificate =
      stored === undefined ? undefined : { certificate: stored.certificate, privateKey: stored.private_key }
  }

  /** Brings what is in memory up to date: a new leader has a new certificate. */
  async #newestCertificate(): Promise<ClusterCertificate | undefined> {
    if (this.#isWorking) await this.#parts.store.read(() => undefined)
    return this.#certificate
  }

  /** Never rejects. */
  async #echoNow(): Promise<void> {
    const heard = await this.#forwarder.echo()
    if (heard && this.#isWorking) await this.#fetchKeys()
    if (!this.#isWorking) return
    this.#echo = this.#options.clock.timer(heard ? ECHO_EVERY : ECHO_AGAIN, () => this.#echoNow())
  }

  /** Never rejects. Asked for while it runs it looks once more. */
  async #fetchKeys(): Promise<void> {
    this.#fetchesAgain = true
    this.#fetching ??= this.#fetchAll().finally(() => {
      this.#fetching = undefined
    })
    await this.#fetching
  }

  async #fetchAll(): Promise<void> {
    const { homes } = this.#parts
    while (this.#fetchesAgain && this.#isWorking) {
      this.#fetchesAgain = false
      try {
        const missing = await homes.missing()
        const keys = missing.length === 0 ? undefined : await this.#forwarder.keysOf(missing)
        for (const [name, handed] of keys ?? []) {
          if (!missing.includes(name) || !this.#isWorking) continue
          // There may be others below it.
          if (await homes.takeIn(name, handed)) this.#fetchesAgain = true
        }
      } catch (error) {
        this.#options.log.warn('keys of namespaces could not be fetched, and are so later', {
          cause: error instanceof Error ? error.name : 'unknown',
        })
      }
    }
  }
}
