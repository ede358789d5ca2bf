/**
 * What clients of a cluster may rely on, whatever happens to its nodes, held against what they got:
 *
 *  - a write that was acknowledged is there, and nothing is there that nobody tried to write;
 *  - a check-and-set that was acknowledged has a version of its own, and that version is what it wrote;
 *  - what a client wrote through a node it reads through that node, and through another if it names the index of its write;
 *  - a token that was revoked through a node is never taken by that node again.
 *
 * A request without an answer, or answered with an error of the server's, may have been carried out or not, and later than what the
 * client did next: it was on its way. A register may hold such a value once more; how often that came to light is counted.
 */
import assert from 'node:assert/strict'
import { request, type Answer } from './http.ts'
import { at, textAt } from './json.ts'
import type { TestServer } from './server.ts'

/** After which a client gives up, ms. */
const TIMEOUT = 6_000

interface Register {
  /** Newest value that was acknowledged, and newest that was tried. */
  acknowledged: number
  tried: number
  index: string
  /** Values of which it is not known what became of them. */
  readonly doubtful: Set<number>
}

interface Swap {
  readonly id: string
  /** Undefined where the answer is not known. */
  readonly version: number | undefined
}

export interface Tally {
  acknowledged: number
  refused: number
  unknown: number
  reads: number
  /** Reads that showed a write without an answer after a later one that was acknowledged. */
  late: number
}

export class ClusterModel {
  readonly tally: Tally = { acknowledged: 0, refused: 0, unknown: 0, reads: 0, late: 0 }
  readonly #nodes: readonly TestServer[]
  readonly #token: string
  readonly #registers = new Map<string, Register>()
  readonly #swaps: Swap[] = []
  readonly #violations: string[] = []
  #stopping = false
  #working: Promise<unknown>[] = []
  #ids = 0

  constructor(nodes: readonly TestServer[], token: string) {
    this.#nodes = nodes
    this.#token = token
  }

  async prepare(node: TestServer): Promise<void> {
    assert.equal((await node.call('POST', 'sys/mounts/secret', { type: 'kv-v2' })).status, 204)
    assert.equal((await node.call('POST', 'secret/config', { max_versions: 100_000 })).status, 204)
    assert.equal((await node.call('POST', 'secret/data/swapped', { data: { id: 'first' } })).status, 200)
  }

  /** Clients begin to work: each writes a register of its own, and all contend for one that they swap. */
  start(clients: number): void {
    for (let client = 0; client < clients; client++) {
      this.#working.push(this.#repeat(() => this.#writeAndRead(client)))
      if (client % 2 === 0) this.#working.push(this.#repeat(() => this.#swap(client)))
      if (client % 3 === 0) this.#working.push(this.#repeat(() => this.#revoke(client)))
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await Promise.all(this.#working)
    this.#working = []
  }

  /** Everything that was promised, looked at through every node. */
  async check(): Promise<void> {
    for (const node of this.#nodes) {
      for (const [path, register] of this.#registers) {
        const answer = await node.call('GET', path, undefined, { headers: { 'X-Vault-Forward': 'active-node' } })
        const value = answer.status === 404 ? 0 : Number(at(answer.json, 'data', 'data', 'value'))
        if (!this.#allows(register, value))
          this.#violations.push(
            `${path} is ${value} at the end, acknowledged was ${register.acknowledged}, tried ${register.tried}`,
          )
      }
    }
    await this.#checkSwaps()
    assert.deepEqual(this.#violations, [])
  }

  async #checkSwaps(): Promise<void> {
    const [node] = this.#nodes
    if (node === undefined) return
    const versions = new Map<number, string>()
    for (const { id, version } of this.#swaps) {
      if (version === undefined) continue
      const other = versions.get(version)
      if (other !== undefined) this.#violations.push(`version ${version} was given to ${other} and to ${id}`)
      versions.set(version, id)
    }
    for (const [version, id] of versions) {
      const answer = await node.call('GET', `secret/data/swapped?version=${version}`)
      const found = String(at(answer.json, 'data', 'data', 'id'))
      if (found !== id) this.#violations.push(`version ${version} was acknowledged to ${id} and is ${found}`)
    }
    const metadata = await node.call('GET', 'secret/metadata/swapped')
    const last = Number(at(metadata.json, 'data', 'current_version'))
    const known = new Set(this.#swaps.map(({ id }) => id))
    for (let version = 2; version <= last; version++) {
      if (versions.has(version)) continue
      // One whose answer was lost: it is somebody's all the same.
      const answer = await node.call('GET', `secret/data/swapped?version=${version}`)
      const found = String(at(answer.json, 'data', 'data', 'id'))
      if (!known.has(found)) this.#violations.push(`version ${version} is ${found}, which nobody wrote`)
    }
  }

  async #writeAndRead(client: number): Promise<void> {
    const path = `secret/data/register-${client}`
    const register = this.#registers.get(path) ?? { acknowledged: 0, tried: 0, index: '', doubtful: new Set() }
    this.#registers.set(path, register)
    const node = this.#any()
    register.tried++
    const { tried } = register
    const written = await this.#send(node, 'POST', path, { data: { value: tried } })
    if (written?.status !== 200) {
      register.doubtful.add(tried)
      return
    }
    register.acknowledged = tried
    register.index = String(written.headers['x-vault-index'] ?? '')
    if (register.index === '') this.#violations.push(`${path}: a write was acknowledged without an index`)
    await this.#expectAtLeast('where it was written', node, path, register, {})
    await this.#expectAtLeast('by its index', this.#any(), path, register, {
      'X-Vault-Index': register.index,
      'X-Vault-Inconsistent': 'forward-active-node',
    })
  }

  async #expectAtLeast(
    how: string,
    node: TestServer,
    path: string,
    register: Register,
    headers: Readonly<Record<string, string>>,
  ): Promise<void> {
    const { acknowledged } = register
    const answer = await this.#send(node, 'GET', path, undefined, { headers })
    if (answer?.status === 404) this.#violations.push(`${path} was acknowledged and is not there (${node.address})`)
    if (answer?.status !== 200) return
    this.tally.reads++
    const value = Number(at(answer.json, 'data', 'data', 'value'))
    if (!this.#allows(register, value))
      this.#violations.push(
        `${new Date().toISOString()}: ${path} read ${how} as ${value} after ${acknowledged} was acknowledged (${node.address}, index ${Buffer.from(register.index, 'base64').toString()})`,
      )
  }

  #allows({ acknowledged, tried, doubtful }: Register, value: number): boolean {
    if (value >= acknowledged) return value <= tried
    if (!doubtful.has(value)) return false
    this.tally.late++
    return true
  }

  async #swap(client: number): Promise<void> {
    const node = this.#any()
    const read = await this.#send(node, 'GET', 'secret/metadata/swapped')
    if (read?.status !== 200) return
    const cas = Number(at(read.json, 'data', 'current_version'))
    const id = `${client}-${++this.#ids}`
    const answer = await this.#send(this.#any(), 'POST', 'secret/data/swapped', { options: { cas }, data: { id } })
    if (answer === undefined || answer.status >= 500) this.#swaps.push({ id, version: undefined })
    else if (answer.status === 200) {
      const version = Number(at(answer.json, 'data', 'version'))
      if (version !== cas + 1) this.#violations.push(`a swap of version ${cas} made version ${version}`)
      this.#swaps.push({ id, version })
    }
  }

  async #revoke(client: number): Promise<void> {
    const made = await this.#send(this.#any(), 'POST', 'auth/token/create', { policies: ['default'], ttl: '1h' })
    if (made?.status !== 200) return
    const token = textAt(made.json, 'auth', 'client_token')
    const node = this.#any()
    const revoked = await this.#send(node, 'POST', 'auth/token/revoke', { token })
    if (revoked?.status !== 204) return
    for (let i = 0; i < 3; i++) {
      const used = await this.#send(node, 'GET', 'auth/token/lookup-self', undefined, { token })
      if (used?.status === 200)
        this.#violations.push(`client ${client}: a token revoked through ${node.address} was taken there`)
    }
  }

  async #repeat(step: () => Promise<void>): Promise<void> {
    while (!this.#stopping) await step()
  }

  /** Undefined where there was no answer. */
  async #send(
    node: TestServer,
    method: string,
    path: string,
    body?: unknown,
    options: { readonly token?: string; readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<Answer | undefined> {
    try {
      const answer = await request(node.address, method, `/v1/${path}`, {
        token: options.token ?? this.#token,
        timeout: TIMEOUT,
        ...(body === undefined ? {} : { body }),
        ...(options.headers === undefined ? {} : { headers: options.headers }),
      })
      if (answer.status < 300) this.tally.acknowledged++
      else this.tally.refused++
      // A client that is told to come later does not come at once.
      if (answer.status >= 500) await pause()
      return answer
    } catch {
      this.tally.unknown++
      await pause()
      return undefined
    }
  }

  #any(): TestServer {
    const node = this.#nodes[Math.floor(Math.random() * this.#nodes.length)]
    if (node === undefined) throw new Error('there is no node')
    return node
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 100))
}
