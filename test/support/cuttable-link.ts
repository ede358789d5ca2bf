/** A TCP link to a server on this machine that a test can cut: as a cable would be, or as a firewall that says no. */
import net from 'node:net'
import { freePort } from './server.ts'

export class CuttableLink implements AsyncDisposable {
  readonly port: number
  readonly #server: net.Server
  readonly #pairs = new Set<readonly [net.Socket, net.Socket]>()
  #state: 'whole' | 'silent' | 'refusing' = 'whole'

  private constructor(port: number, to: number) {
    this.port = port
    this.#server = net.createServer((near) => this.#accept(near, to))
  }

  static async to(port: number): Promise<CuttableLink> {
    const link = new CuttableLink(await freePort(), port)
    await new Promise<void>((resolve) => link.#server.listen(link.port, '127.0.0.1', resolve))
    return link
  }

  /** Nothing passes any more, and nobody is told. */
  silence(): void {
    this.#state = 'silent'
    for (const [near, far] of this.#pairs) {
      near.pause()
      far.pause()
    }
  }

  /** Connections break, and new ones are refused. */
  refuse(): void {
    this.#state = 'refusing'
    this.#breakAll()
  }

  /** What was silenced meanwhile is broken: packets that nobody took are not kept for ever. */
  mend(): void {
    if (this.#state === 'silent') this.#breakAll()
    this.#state = 'whole'
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#breakAll()
    await closed
  }

  #accept(near: net.Socket, to: number): void {
    near.on('error', () => undefined)
    if (this.#state === 'refusing') {
      near.destroy()
      return
    }
    const far = net.connect(to, '127.0.0.1')
    far.on('error', () => undefined)
    const pair = [near, far] as const
    this.#pairs.add(pair)
    const end = (): void => {
      this.#pairs.delete(pair)
      near.destroy()
      far.destroy()
    }
    near.once('close', end)
    far.once('close', end)
    near.on('data', (bytes: Buffer) => pass(bytes, near, far))
    far.on('data', (bytes: Buffer) => pass(bytes, far, near))
    if (this.#state === 'silent') {
      near.pause()
      far.pause()
    }
  }

  #breakAll(): void {
    for (const [near, far] of this.#pairs) {
      near.destroy()
      far.destroy()
    }
  }
}

function pass(bytes: Buffer, from: net.Socket, to: net.Socket): void {
  if (!to.write(bytes)) {
    from.pause()
    to.once('drain', () => from.resume())
  }
}
