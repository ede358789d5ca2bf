/** Drivers on a real etcd, and clients that lose what they send. */
import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { status } from '@grpc/grpc-js'
import { systemClock } from '../../src/lib/clock.ts'
import { silentLogger } from '../../src/lib/observe/index.ts'
import { EtcdClient } from '../../src/storage/drivers/etcd-client.ts'
import { EtcdError } from '../../src/storage/drivers/etcd-error.ts'
import type { TxnRequest, TxnResponse } from '../../src/storage/drivers/etcd-messages.ts'
import type { EtcdOptions } from '../../src/storage/drivers/etcd.ts'

let paths = 0

/** A store that is empty yet. */
export const newPath = (): string => `test/${paths++}/`

/** Short times, and an election. */
export function etcdOptions(address: string, path: string, more: Partial<EtcdOptions> = {}): EtcdOptions {
  return {
    addresses: [address],
    path,
    haEnabled: true,
    lockTtl: 2000,
    requestTimeout: 4000,
    clock: systemClock,
    log: silentLogger,
    ...more,
  }
}

export async function until(holds: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  const end = performance.now() + ms
  while (!(await holds())) {
    assert.ok(performance.now() < end, `it does not hold after ${ms} ms`)
    await wait(10)
  }
}

export type Fault = 'sent' | 'lost before' | 'lost after'

/** A client that loses transactions, or whose process dies at one. */
export class FaultyClient extends EtcdClient {
  /** What becomes of the next transactions. */
  fault: (count: number) => Fault = () => 'sent'
  /** The newest transaction. */
  request: TxnRequest | undefined
  /** Transactions since the fault was set. */
  count = 0
  /** The process is gone: nothing is sent any more. */
  dead = false
  /** What the answer to a transaction waits for. */
  hold: (count: number) => Promise<void> | undefined = () => undefined
  /** It hears nothing of what others do. */
  deaf = false

  constructor(address: string) {
    super({ addresses: [address], requestTimeout: 4000, clock: systemClock })
  }

  plan(fault: (count: number) => Fault): void {
    this.count = 0
    this.fault = fault
  }

  override async txn(request: TxnRequest): Promise<TxnResponse> {
    if (this.dead) throw new EtcdError(status.UNAVAILABLE, 'dead')
    const count = this.count++
    this.request = request
    const fault = this.fault(count)
    if (fault === 'lost before') throw new EtcdError(status.UNAVAILABLE, 'lost')
    const response = await super.txn(request)
    await this.hold(count)
    if (fault === 'lost after') throw new EtcdError(status.UNAVAILABLE, 'lost')
    return response
  }

  override async readTxn(request: TxnRequest): Promise<TxnResponse> {
    const hears = (): void => {
      if (this.dead || this.deaf) throw new EtcdError(status.UNAVAILABLE, 'deaf')
    }
    hears()
    const response = await super.readTxn(request)
    hears()
    return response
  }

  override async keepAlive(id: number, timeout: number): Promise<number> {
    if (this.dead) throw new EtcdError(status.UNAVAILABLE, 'dead')
    return super.keepAlive(id, timeout)
  }

  override async revoke(id: number): Promise<true> {
    return this.dead ? true : super.revoke(id)
  }
}

/** Dies at the transaction of this number: it is not sent, or its answer does not come. */
export function diesAt(client: FaultyClient, number: number, how: Fault): void {
  client.plan((count) => {
    if (count < number) return 'sent'
    client.dead = true
    return how
  })
}
