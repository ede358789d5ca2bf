/** Calls to etcd: each ends in time, and a member that does not answer is left for the next. Decides nothing about the store. */
import { Client, type ClientDuplexStream, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import type { Clock } from '../../lib/clock.ts'
import { Secret } from '../../lib/observe/index.ts'
import { type Address, type EtcdTls, parseAddresses } from './etcd-addresses.ts'
import { EtcdError, hasCode, isRefusal } from './etcd-error.ts'
import {
  authenticateMethod,
  compactMethod,
  type Credentials,
  grantMethod,
  keepAliveMethod,
  type KeyRange,
  type LeaseRequest,
  type Method,
  type RangeRequest,
  rangeMethod,
  type RangeResponse,
  revokeMethod,
  txnMethod,
  type TxnRequest,
  type TxnResponse,
  watchMethod,
  type WatchResponse,
} from './etcd-messages.ts'

export interface EtcdClientOptions {
  readonly addresses: readonly string[]
  readonly tls?: EtcdTls
  readonly username?: string
  readonly password?: string
  /** No call takes longer, in ms. */
  readonly requestTimeout: number
  readonly clock: Clock
}

/** How long a read is tried again where etcd refuses connections or elects a leader, in ms. */
const PATIENCE = 3000
const PAUSE = 100

export class EtcdClient {
  readonly #clients: readonly Client[]
  readonly #clock: Clock
  readonly #timeout: number
  readonly #credentials: Secret<Credentials> | undefined
  #token: Promise<string> | undefined
  /** Index of the member that is asked. */
  #current = 0
  #closed = false

  /** Connects at the first call. Throws `STORAGE_CANNOT_OPEN`. */
  constructor(options: EtcdClientOptions) {
    this.#clock = options.clock
    this.#timeout = options.requestTimeout
    const { username, password } = options
    if (username !== undefined) this.#credentials = new Secret({ username, password: password ?? '' })
    this.#clients = parseAddresses(options.addresses, options.tls).map(connect)
  }

  /** How long one member is waited for. */
  get attemptTimeout(): number {
    return this.#timeout / Math.max(2, this.#clients.length)
  }

  range(request: RangeRequest): Promise<RangeResponse> {
    return this.#insist(rangeMethod, request)
  }

  /** For a transaction that changes nothing. */
  readTxn(request: TxnRequest): Promise<TxnResponse> {
    return this.#insist(txnMethod, request)
  }

  /** Asks once: whether a call that failed without a refusal was done is not known, and only the caller can find out. */
  txn(request: TxnRequest): Promise<TxnResponse> {
    return this.#once(txnMethod, request, this.attemptTimeout)
  }

  compact(revision: number): Promise<true> {
    return this.#insist(compactMethod, { revision })
  }

  grant(request: LeaseRequest): Promise<{ readonly ttlSeconds: number }> {
    return this.#once(grantMethod, request, this.attemptTimeout)
  }

  revoke(id: number): Promise<true> {
    return this.#insist(revokeMethod, { id })
  }

  /** Asks once. */
  async keepAlive(id: number, timeout: number): Promise<number> {
    const { ttlSeconds } = await this.#once(keepAliveMethod, { id }, Math.min(timeout, this.#timeout), true)
    return ttlSeconds
  }

  /** Calls `heard` once the watch stands and at each change; `ended`, once, when it is over. Returns what ends it. */
  watch(range: KeyRange, heard: () => void, ended: (error: unknown) => void): () => void {
    const index = this.#current
    let stream: ClientDuplexStream<KeyRange, WatchResponse> | undefined
    let over = false
    const end = (error: unknown): void => {
      if (over) return
      over = true
      stream?.cancel()
      this.#leave(index)
      ended(error)
    }
    const start = async (): Promise<void> => {
      const metadata = await this.#metadata(index)
      // A member that is cut off from the others would leave its watchers without news.
      metadata.set('hasleader', 'true')
      if (over) return
      const { path, encode, decode } = watchMethod
      stream = this.#client(index).makeBidiStreamRequest(path, encode, decode, metadata)
      stream.on('error', (error: ServiceError) => end(errorOf(error)))
      stream.on('end', () => end(new EtcdError(status.UNAVAILABLE, 'the watch has ended')))
      stream.on('data', ({ canceled, reason }: WatchResponse) => {
        if (canceled) end(new EtcdError(status.CANCELLED, reason))
        else if (!over) heard()
      })
      stream.write(range)
    }
    start().catch(end)
    return () => {
      over = true
      stream?.cancel()
    }
  }

  close(): void {
    this.#closed = true
    for (const client of this.#clients) client.close()
  }

  /** For calls that may be made twice. */
  async #insist<Request, Response>(method: Method<Request, Response>, request: Request): Promise<Response> {
    const start = this.#clock.monotonic()
    for (let attempt = 1; ; attempt++) {
      const left = start + this.#timeout - this.#clock.monotonic()
      try {
        return await this.#once(method, request, Math.min(this.attemptTimeout, left))
      } catch (error) {
        const gone = this.#clock.monotonic() - start
        const untried = attempt < this.#clients.length && gone + PAUSE < this.#timeout
        if (this.#closed || isRefusal(error) || (!untried && gone + PAUSE > Math.min(PATIENCE, this.#timeout))) {
          throw error
        }
        if (!untried) await pause(this.#clock, PAUSE)
      }
    }
  }

  async #once<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    timeout: number,
    streamed = false,
  ): Promise<Response> {
    const index = this.#current
    const call = streamed ? exchange : unary
    try {
      const metadata = await this.#metadata(index)
      try {
        return await call(this.#client(index), method, request, metadata, timeout)
      } catch (error) {
        if (!this.#outdated(error)) throw error
        this.#token = undefined
        return await call(this.#client(index), method, request, await this.#metadata(index), timeout)
      }
    } catch (error) {
      if (!isRefusal(error)) this.#leave(index)
      throw error
    }
  }

  /** Whether the token that was sent may be too old: etcd has forgotten it, or its users have changed since. */
  #outdated(error: unknown): boolean {
    if (this.#credentials === undefined) return false
    return hasCode(error, status.UNAUTHENTICATED) || hasCode(error, status.INVALID_ARGUMENT)
  }

  async #metadata(index: number): Promise<Metadata> {
    const metadata = new Metadata()
    if (this.#credentials === undefined) return metadata
    this.#token ??= this.#authenticate(index, this.#credentials)
    metadata.set('token', await this.#token)
    return metadata
  }

  #authenticate(index: number, credentials: Secret<Credentials>): Promise<string> {
    const empty = new Metadata()
    const token = unary(this.#client(index), authenticateMethod, credentials.reveal(), empty, this.attemptTimeout)
    token.catch(() => {
      if (this.#token === token) this.#token = undefined
    })
    return token
  }

  #client(index: number): Client {
    const client = this.#clients[index]
    if (client === undefined || this.#closed) throw new EtcdError(status.CANCELLED, 'the client is closed')
    return client
  }

  /** Asks another member from now on, unless somebody has seen to that already. */
  #leave(index: number): void {
    if (this.#current === index) this.#current = (index + 1) % this.#clients.length
  }
}

export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.timer(ms, resolve)
  })
}

function connect(address: Address): Client {
  return new Client(address.target, address.credentials, {
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
    // The least that etcd allows is five seconds.
    'grpc.keepalive_time_ms': 10_000,
    'grpc.keepalive_timeout_ms': 5000,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1000,
    // Proxies of the environment are not for a store.
    'grpc.enable_http_proxy': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.use_local_subchannel_pool': 1,
    ...address.options,
  })
}

function unary<Request, Response>(
  client: Client,
  { path, encode, decode }: Method<Request, Response>,
  request: Request,
  metadata: Metadata,
  timeout: number,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const done = (error: ServiceError | null, response?: Response): void => {
      if (error === null && response !== undefined) resolve(response)
      else reject(errorOf(error))
    }
    client.makeUnaryRequest(path, encode, decode, request, metadata, { deadline: Date.now() + timeout }, done)
  })
}

/** One message there and one back over a stream, which is how etcd has leases renewed. */
function exchange<Request, Response>(
  client: Client,
  { path, encode, decode }: Method<Request, Response>,
  request: Request,
  metadata: Metadata,
  timeout: number,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const stream = client.makeBidiStreamRequest(path, encode, decode, metadata, { deadline: Date.now() + timeout })
    stream.on('error', (error: ServiceError) => reject(errorOf(error)))
    stream.on('end', () => reject(new EtcdError(status.UNAVAILABLE, 'no answer came')))
    stream.on('data', (response: Response) => {
      resolve(response)
      stream.cancel()
    })
    stream.write(request)
  })
}

function errorOf(error: ServiceError | null): EtcdError {
  return new EtcdError(error?.code ?? status.UNKNOWN, error?.details ?? 'no answer came')
}
