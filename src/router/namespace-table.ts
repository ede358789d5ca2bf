/** The namespaces: kept in storage one by one, held in memory as an index that requests find their namespace by. */
import { createHash } from 'node:crypto'
import { namespaceErrors } from '../errors/namespaces.ts'
import type { Clock } from '../lib/clock.ts'
import type { AdministrativeNamespace } from '../request/administrative.ts'
import { pathProblem } from '../lib/path.ts'
import { secretsEqual } from '../lib/secure/equal.ts'
import { base62 } from '../lib/secure/random.ts'
import { homeNameOf, homeOf } from '../request/namespace-home.ts'
import type { Located, NamespaceInfo, NamespacesPort } from '../request/namespace-ports.ts'
import { rootNamespace, type Namespace } from '../request/request.ts'
import type { Store } from '../storage/store.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import { CurrentRows } from '../storage/current-rows.ts'
import type { MountIndex } from './mount-index.ts'
import { isSealable, NamespaceIndex } from './namespace-index.ts'
import {
  isNamespaceKey,
  namespaceKey,
  namespaceKeysIn,
  namespaceRecords,
  storedNamespace,
  toNamespaceRecord,
} from './namespace-record.ts'
import { assertDepth, assertMetadata, assertNamespaceName } from './namespace-rules.ts'

/** Letters and digits: 35 bits, which is not a secret. */
const ID_LENGTH = 6
const UNLOCK_KEY_LENGTH = 24

export interface NamespaceTableDeps {
  readonly store: Store
  readonly clock: Clock
  uuid(): string
  readonly administrative: AdministrativeNamespace | undefined
  /** What every namespace has: its mounts, its policy. */
  populate(view: WriteView, namespace: Namespace): Promise<void>
  /** The mounts as a transaction sees them. */
  mountsAt(view: ReadView): Promise<MountIndex>
  /** Takes a namespace that is tainted away; tells whether all of it is gone. */
  remove(namespace: NamespaceInfo): Promise<boolean>
  /** Of the namespaces with seals of their own, those whose keys are in memory. Without it there are none. */
  readonly homes?: OpenHomes
  /** Told of each row that comes, changes or goes. */
  changed?(id: string, row: NamespaceInfo | undefined): void
}

export interface OpenHomes {
  /** Their folders, and the empty one of all namespaces that have none. */
  folders(): readonly string[]
  isOpen(homeName: string): boolean
}

export class NamespaceTable implements NamespacesPort {
  readonly #deps: NamespaceTableDeps
  readonly #rows: CurrentRows<NamespaceInfo, NamespaceIndex>

  constructor(deps: NamespaceTableDeps) {
    this.#deps = deps
    this.#rows = new CurrentRows<NamespaceInfo, NamespaceIndex>(
      deps.store,
      deps.clock,
      {
        keyIn: (key) => (isNamespaceKey(key) ? key : undefined),
        keyOf: namespaceKey,
        keys: async (view) => {
          const keys: string[] = []
          for (const home of deps.homes?.folders() ?? ['']) keys.push(...(await namespaceKeysIn(view, home)))
          return keys
        },
        get: storedNamespace,
        index: (rows) => new NamespaceIndex(rows),
      },
      (key) => {
        const id = key.slice(key.lastIndexOf('/') + 1)
        deps.changed?.(id, this.#rows.index.byId(id))
      },
    )
  }

  /** For cores that only read. */
  get follower(): CurrentRows<NamespaceInfo, NamespaceIndex> {
    return this.#rows
  }

  load(view: ReadView): Promise<void> {
    return this.#rows.load(view)
  }

  /** Forgets everything, at seal. */
  clear(): void {
    this.#rows.clear()
  }

  /** As a transaction sees them. */
  at(view: ReadView): Promise<NamespaceIndex> {
    return this.#rows.at(view)
  }

  all(): readonly NamespaceInfo[] {
    return this.#rows.index.all()
  }

  // NamespaceLookup

  locate(header: string | undefined, path: string): Located {
    const named = header === undefined ? '' : namedIn(header)
    if (!this.#rows.isOpen) return this.#unread(named, path)
    const from = named === '' ? rootNamespace : this.#rows.index.at(named)
    // What is below one that is not there is not there either.
    if (from === undefined) return { namespace: { id: '', path: named }, path }
    const located = this.#rows.index.descend(from, path)
    const { namespace } = located
    return this.#isServed(namespace) ? located : { namespace: { id: '', path: namespace.path }, path: located.path }
  }

  /** While sealed nobody knows which there are, but for the one that is configured. */
  #unread(named: string, path: string): Located {
    const known = this.#deps.administrative?.path ?? ''
    if (named === '' && known !== '' && path.startsWith(known))
      return { namespace: { id: '', path: known }, path: path.slice(known.length) }
    return { namespace: named === '' ? rootNamespace : { id: '', path: named }, path }
  }

  descend(from: Namespace, path: string): Located {
    return this.#rows.index.descend(from, path)
  }

  byId(id: string): Namespace | undefined {
    const row = this.#rows.index.byId(id)
    return row === undefined || row.tainted ? undefined : row
  }

  lockedAt(namespace: Namespace): Namespace | undefined {
    return this.#rows.index.lockedAt(namespace)
  }

  isSealed({ id }: Namespace): boolean {
    return this.isHomeSealed(homeNameOf(id))
  }

  isHomeSealed(homeName: string): boolean {
    if (homeName === '') return false
    // Its keys may be here still: it was sealed by another core, and this one is giving them up.
    return this.#deps.homes?.isOpen(homeName) !== true || this.#rows.index.isMarkedSealed(homeName)
  }

  below(namespace: Namespace): readonly NamespaceInfo[] {
    return this.#rows.index.below(namespace.path)
  }

  // NamespacesPort

  children(parent: Namespace): readonly NamespaceInfo[] {
    return this.#rows.index.children(parent.path)
  }

  get(parent: Namespace, name: string): NamespaceInfo | undefined {
    assertNamespaceName(name)
    return this.#rows.index.at(`${parent.path}${name}/`)
  }

  async put(
    view: WriteView,
    parent: Namespace,
    name: string,
    customMetadata: ReadonlyMap<string, string>,
  ): Promise<NamespaceInfo> {
    return this.#put(view, parent, name, customMetadata, undefined)
  }

  async putSealable(
    view: WriteView,
    parent: Namespace,
    name: string,
    customMetadata: ReadonlyMap<string, string>,
    homeName: string,
  ): Promise<NamespaceInfo> {
    return this.#put(view, parent, name, customMetadata, homeName)
  }

  async #put(
    view: WriteView,
    parent: Namespace,
    name: string,
    customMetadata: ReadonlyMap<string, string>,
    ownHome: string | undefined,
  ): Promise<NamespaceInfo> {
    assertNamespaceName(name)
    assertMetadata(customMetadata)
    const path = `${parent.path}${name}/`
    assertDepth(path)
    await this.assertServed(view, parent.id)
    const index = await this.at(view)
    const present = await this.#current(view, index.at(path))
    if (present?.tainted === true) throw namespaceErrors.GOING({ path })
    if (present !== undefined && ownHome !== undefined) throw namespaceErrors.SEAL_STAYS()
    if (present !== undefined) return this.#replace(view, { ...present, customMetadata })
    const inUse = (await this.#deps.mountsAt(view)).conflict(parent.id, `${name}/`)
    if (inUse !== undefined) throw namespaceErrors.MOUNT({ path: inUse.path })
    const id = freshId(index, ownHome ?? homeNameOf(parent.id))
    const row = this.#replace(view, {
      id,
      path,
      uuid: this.#deps.uuid(),
      customMetadata,
      tainted: false,
      lock: undefined,
      home: homeOf(parent.id),
      sealed: false,
      wiped: false,
    })
    await this.#deps.populate(view, row)
    return row
  }

  async patch(
    view: WriteView,
    parent: Namespace,
    name: string,
    changes: ReadonlyMap<string, string | null>,
  ): Promise<NamespaceInfo | undefined> {
    const row = await this.#current(view, this.get(parent, name))
    if (row === undefined || row.tainted) return undefined
    const customMetadata = new Map(row.customMetadata)
    for (const [key, value] of changes) {
      if (value === null) customMetadata.delete(key)
      else customMetadata.set(key, value)
    }
    assertMetadata(customMetadata)
    return this.#replace(view, { ...row, customMetadata })
  }

  async delete(parent: Namespace, name: string): Promise<'absent' | 'going' | 'gone'> {
    assertNamespaceName(name)
    const path = `${parent.path}${name}/`
    const row = await this.#deps.store.write(async (view) => {
      const index = await this.at(view)
      const found = await this.#current(view, index.at(path))
      if (found === undefined) return undefined
      if (!found.tainted && this.isSealed(found)) throw namespaceErrors.SEALED()
      if (index.below(path).length > 0) throw namespaceErrors.CHILDREN({ path })
      return found.tainted ? found : this.#replace(view, { ...found, tainted: true })
    })
    if (row === undefined) return 'absent'
    return (await this.#deps.remove(row)) ? 'gone' : 'going'
  }

  async lock(view: WriteView, from: Namespace, path: string): Promise<string> {
    const row = await this.#lockable(view, from, path)
    if (row.lock !== undefined) throw namespaceErrors.LOCK_TWICE({ path: row.path })
    const key = base62(UNLOCK_KEY_LENGTH)
    this.#replace(view, { ...row, lock: { keyHash: hashOf(key) } })
    return key
  }

  async unlock(view: WriteView, from: Namespace, path: string, key: string | undefined): Promise<void> {
    const row = await this.#lockable(view, from, path)
    if (row.lock === undefined) throw namespaceErrors.NOT_LOCKED({ path: row.path })
    if (key !== undefined && !secretsEqual(hashOf(key), row.lock.keyHash)) throw namespaceErrors.UNLOCK_KEY()
    this.#replace(view, { ...row, lock: undefined })
  }

  // For the rooms around

  /** The namespace whose home is called so. */
  rootOf(homeName: string): NamespaceInfo | undefined {
    return this.#rows.index.rootOf(homeName)
  }

  /** As it is stored now. */
  stored(view: ReadView, row: NamespaceInfo): Promise<NamespaceInfo | undefined> {
    return storedNamespace(view, namespaceKey(row))
  }

  async find(view: ReadView, parent: Namespace, name: string): Promise<NamespaceInfo | undefined> {
    assertNamespaceName(name)
    return this.#current(view, (await this.at(view)).at(`${parent.path}${name}/`))
  }

  /** As it is stored, with a seal of its own. Rejects with `NAMESPACE_SEAL_UNKNOWN` or `NAMESPACE_NOT_SEALABLE`. */
  async sealable(view: ReadView, parent: Namespace, name: string): Promise<NamespaceInfo> {
    const row = await this.find(view, parent, name)
    if (row === undefined) throw namespaceErrors.SEAL_UNKNOWN({ name })
    if (!isSealable(row)) throw namespaceErrors.NOT_SEALABLE()
    return row
  }

  /** Notes with it that an administrator has sealed it, or that it was opened: other nodes hear of either. */
  noteSealed(view: WriteView, row: NamespaceInfo, sealed: boolean): void {
    this.#replace(view, { ...row, sealed })
  }

  /** It is to be deleted as it is: nobody can read what is in there. */
  wipe(view: WriteView, row: NamespaceInfo): NamespaceInfo {
    return this.#replace(view, { ...row, tainted: true, wiped: true })
  }

  /** Rejects with `NAMESPACE_ABSENT`. What is written in a namespace depends on this: where it goes meanwhile, the commit conflicts. */
  async assertServed(view: ReadView, id: string): Promise<void> {
    if (id === rootNamespace.id) return
    const known = this.#rows.index.byId(id) ?? (await this.at(view)).byId(id)
    const row = await this.#current(view, known)
    if (row === undefined || row.tainted) throw namespaceErrors.ABSENT()
  }

  /** The last step of a deletion. */
  forget(view: WriteView, row: NamespaceInfo): void {
    namespaceRecords.delete(view.sub(row.home), { id: row.id })
    view.onCommitted((sequence) => this.#rows.apply(namespaceKey(row), sequence, undefined))
  }

  async #lockable(view: WriteView, from: Namespace, path: string): Promise<NamespaceInfo> {
    const problem = path === '' ? undefined : pathProblem(path)
    const full = path === '' ? from.path : `${from.path}${path.replace(/\/$/, '')}/`
    if (full === '') throw namespaceErrors.LOCK_ROOT()
    const row = problem === undefined ? await this.#current(view, (await this.at(view)).at(full)) : undefined
    if (row === undefined || row.tainted) throw namespaceErrors.LOCK_UNKNOWN()
    return row
  }

  #isServed(namespace: Namespace): boolean {
    return namespace.id === rootNamespace.id || this.byId(namespace.id) !== undefined
  }

  /** As it is stored now. */
  async #current(view: ReadView, known: NamespaceInfo | undefined): Promise<NamespaceInfo | undefined> {
    return known && this.stored(view, known)
  }

  #replace(view: WriteView, row: NamespaceInfo): NamespaceInfo {
    const frozen = Object.freeze(row)
    namespaceRecords.put(view.sub(row.home), { id: row.id }, toNamespaceRecord(frozen))
    view.onCommitted((sequence) => this.#rows.apply(namespaceKey(row), sequence, frozen))
    return frozen
  }
}

/** Of a header: the path with a slash at its end; empty for the root namespace. It is not percent-decoded: that is for targets. */
function namedIn(header: string): string {
  if (header === '' || header === '/') return ''
  const text = fromUtf8(header.replace(/^\//, '').replace(/\/$/, ''))
  if (text === 'root') return ''
  const problem =
    text === undefined
      ? 'it is not valid UTF-8'
      : /^$|\/$/.test(text)
        ? 'it contains an empty segment'
        : pathProblem(text)
  if (problem !== undefined) throw namespaceErrors.HEADER({ reason: problem })
  return `${text}/`
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Node hands each byte of a header on as a code unit. */
function fromUtf8(latin1: string): string | undefined {
  try {
    return utf8.decode(Buffer.from(latin1, 'latin1'))
  } catch {
    return undefined
  }
}

/** One in a home begins with what that is called. */
function freshId(index: NamespaceIndex, homeName: string): string {
  for (;;) {
    const id = homeName + base62(ID_LENGTH)
    if (index.byId(id) === undefined) return id
  }
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('base64url')
}
