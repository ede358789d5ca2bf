/** The server as declarations see it: plain reads and writes, and what things hang on one another by. */
import type { Client } from '../client/client.ts'
import { ResponseError } from '../client/response-error.ts'
import { listedKeys, type Secret } from '../client/secret.ts'
import { plainText, tree } from '../tree.ts'
import { DeclarationError } from './problem.ts'
import { isMap, textAt, valueOf, type Fields } from './value.ts'

export type MountClass = 'mounts' | 'auth'

export interface MountAtHand {
  readonly path: string
  readonly type: string
  /** Undefined of one that is still to be made. */
  readonly accessor: string | undefined
  readonly fields: Fields | undefined
}

export class World {
  readonly #client: Client
  /** Types of mounts that the declarations make. */
  readonly #declared = new Map<string, string>()
  readonly #mounts = new Map<MountClass, Promise<ReadonlyMap<string, MountAtHand>>>()
  readonly #names = new Map<string, Promise<string | undefined>>()
  readonly #lists = new Map<string, Promise<readonly (readonly [string, Fields])[]>>()
  readonly warnings: string[] = []

  constructor(client: Client) {
    this.#client = client
  }

  /** Tells of a mount that is to be made, so that what lives in it can be declared with it. */
  willMount(what: MountClass, path: string, type: string): void {
    this.#declared.set(`${what} ${path}`, type)
  }

  /** What a path answers; undefined where nothing is. Throws `DeclarationError` where the server has no such path. */
  async read(path: string): Promise<Fields | undefined> {
    return fieldsOf(await this.#found(() => this.#client.send({ method: 'GET', path })))
  }

  async list(path: string): Promise<readonly string[]> {
    const secret = await this.#found(() => this.#client.send({ method: 'GET', path, query: [['list', 'true']] }))
    return (listedKeys(secret) ?? []).map(plainText)
  }

  /** What a LIST tells of each of its keys. */
  listed(path: string): Promise<readonly (readonly [string, Fields])[]> {
    let listed = this.#lists.get(path)
    if (listed === undefined) this.#lists.set(path, (listed = this.#readListed(path)))
    return listed
  }

  async #readListed(path: string): Promise<readonly (readonly [string, Fields])[]> {
    const secret = await this.#found(() => this.#client.send({ method: 'GET', path, query: [['list', 'true']] }))
    const info = fieldsOf(secret)?.get('key_info')
    if (!isMap(info)) return []
    return [...info].map(([key, about]) => [key, isMap(about) ? about : new Map()] as const)
  }

  async write(path: string, fields: Fields, method: 'POST' | 'PATCH' = 'POST'): Promise<Fields | undefined> {
    const body = tree(fields)
    const secret =
      method === 'PATCH' ? await this.#client.patch(path, body) : await this.#client.send({ method, path, body })
    this.warnings.push(...(secret?.warnings ?? []))
    this.#forget()
    return fieldsOf(secret)
  }

  async remove(path: string): Promise<void> {
    await this.#client.delete(path)
    this.#forget()
  }

  mounts(what: MountClass): Promise<ReadonlyMap<string, MountAtHand>> {
    let mounts = this.#mounts.get(what)
    if (mounts === undefined) this.#mounts.set(what, (mounts = this.#readMounts(what)))
    return mounts
  }

  /** The mount that a path begins with, there or to be made, and what of the path is left. Of several it is the longest. */
  async mountOf(
    what: MountClass,
    path: string,
  ): Promise<{ readonly mount: MountAtHand; readonly rest: string } | undefined> {
    const all = new Map(await this.mounts(what))
    for (const [key, type] of this.#declared) {
      const declared = key.slice(what.length + 1)
      if (!key.startsWith(`${what} `) || all.has(declared)) continue
      all.set(declared, { path: declared, type, accessor: undefined, fields: undefined })
    }
    const found = [...all.values()].filter((mount) => path.startsWith(mount.path) && path.length > mount.path.length)
    const [mount] = found.toSorted((a, b) => b.path.length - a.path.length)
    return mount === undefined ? undefined : { mount, rest: path.slice(mount.path.length) }
  }

  /** The name of an entity or a group, by its id. */
  nameOf(what: 'entity' | 'group', id: string): Promise<string | undefined> {
    const key = `${what} ${id}`
    let name = this.#names.get(key)
    if (name === undefined) this.#names.set(key, (name = this.#readName(what, id)))
    return name
  }

  /** Throws `DeclarationError` where there is none of that name. */
  async idOf(what: 'entity' | 'group', name: string): Promise<string> {
    const id = textAt(await this.read(`identity/${what}/name/${name}`), 'id')
    if (id === '') throw new DeclarationError(`there is no ${what} "${name}"`)
    return id
  }

  async #readName(what: 'entity' | 'group', id: string): Promise<string | undefined> {
    return textAt(await this.read(`identity/${what}/id/${id}`), 'name') || undefined
  }

  async #readMounts(what: MountClass): Promise<ReadonlyMap<string, MountAtHand>> {
    const out = new Map<string, MountAtHand>()
    for (const [path, fields] of (await this.read(`sys/${what}`)) ?? []) {
      if (!isMap(fields) || !path.endsWith('/')) continue
      out.set(path, { path, type: textAt(fields, 'type'), accessor: textAt(fields, 'accessor'), fields })
    }
    return out
  }

  #forget(): void {
    this.#mounts.clear()
    this.#names.clear()
    this.#lists.clear()
  }

  /** An answer that nothing is there says nothing more; one that names the path says that there is no such path. */
  async #found(send: () => Promise<Secret | undefined>): Promise<Secret | undefined> {
    try {
      return await send()
    } catch (error) {
      if (!(error instanceof ResponseError) || error.status !== 404) throw error
      const [complaint = ''] = error.errors
      if (/unsupported path|no handler for route/.test(complaint))
        throw new DeclarationError(`the server has no path for it: ${complaint.replaceAll(/\s+/g, ' ').trim()}`)
      return undefined
    }
  }
}

function fieldsOf(secret: Secret | undefined): Fields | undefined {
  return secret?.data === undefined
    ? undefined
    : new Map([...secret.data].map(([name, member]) => [name, valueOf(member)]))
}
