/** The quotas of one type as an operator sees them: named by paths where they are kept by ids. */
import { quotaErrors } from '../errors/quotas.ts'
import type { Mount } from '../request/mount.ts'
import type { QuotaRules, QuotaScope } from '../request/quota-ports.ts'
import type { Located } from '../request/namespace-ports.ts'
import { rootNamespace, type Namespace } from '../request/request.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import type { QuotaIndex } from './quota-index.ts'
import { scopeOf, type QuotaRow, type QuotaRule, type QuotaType } from './rule.ts'

/** What a quota is for, by ids. */
export type ScopeIds = Pick<
  QuotaRule,
  'id' | 'name' | 'namespaceId' | 'namespacePath' | 'mountUuid' | 'suffix' | 'role' | 'inheritable'
>

export interface RulesDeps {
  index(): QuotaIndex
  /** As a transaction sees them. */
  at(view: ReadView): Promise<QuotaIndex>
  put(view: WriteView, rule: QuotaRule): void
  remove(view: WriteView, key: string): void
  uuid(): string
  /** The namespace that a path leads to from the root one, and the rest of the path. */
  locate(path: string): Located
  serving(namespace: Namespace, path: string): Mount | undefined
  mountOf(uuid: string): Mount | undefined
  isServed(namespaceId: string): boolean
  /** Whether log-ins of an auth method have roles. */
  hasRoles(mount: Mount): boolean
  /** Rejects where the namespace or the mount is going. */
  assertHeld(view: ReadView, rule: ScopeIds): Promise<void>
}

/** How one type's rules are made and shown. */
export interface RuleKind<R extends QuotaRule, Settings, Shown> {
  readonly type: QuotaType
  isOf(row: QuotaRow | undefined): row is R
  make(scope: ScopeIds, settings: Settings): R
  show(rule: R, path: string): Shown
}

export class Rules<R extends QuotaRule, Settings, Shown> implements QuotaRules<Settings, Shown> {
  readonly #deps: RulesDeps
  readonly #kind: RuleKind<R, Settings, Shown>

  constructor(deps: RulesDeps, kind: RuleKind<R, Settings, Shown>) {
    this.#deps = deps
    this.#kind = kind
  }

  list(asking: Namespace): readonly string[] {
    return this.#of(this.#deps.index())
      .filter((rule) => this.#pathOf(rule) !== undefined && isWithin(rule, asking))
      .map(({ name }) => name)
      .toSorted()
  }

  get(asking: Namespace, name: string): Shown | undefined {
    const rule = this.#named(this.#deps.index(), name)
    const path = rule && this.#pathOf(rule)
    return rule === undefined || path === undefined || !isWithin(rule, asking) ? undefined : this.#kind.show(rule, path)
  }

  async put(view: WriteView, asking: Namespace, name: string, quota: QuotaScope & Settings): Promise<void> {
    const index = await this.#deps.at(view)
    const scope = this.#scope(name, quota)
    const present = this.#named(index, name)
    if (!isWithin(scope, asking) || (present !== undefined && !isWithin(present, asking))) throw quotaErrors.FOREIGN()
    await this.#deps.assertHeld(view, scope)
    const rule = this.#kind.make(scope, quota)
    const similar = this.#of(index).find((other) => other.name !== name && scopeOf(other) === scopeOf(rule))
    if (similar !== undefined) throw quotaErrors.SIMILAR({ name: similar.name })
    this.#deps.put(view, rule)
  }

  async delete(view: WriteView, asking: Namespace, name: string): Promise<void> {
    const present = this.#named(await this.#deps.at(view), name)
    if (present === undefined) return
    if (!isWithin(present, asking)) throw quotaErrors.FOREIGN()
    this.#deps.remove(view, `${this.#kind.type}/${name}`)
  }

  #of(index: QuotaIndex): readonly R[] {
    return index.all().filter((row) => this.#kind.isOf(row))
  }

  #named(index: QuotaIndex, name: string): R | undefined {
    const row = index.get(`${this.#kind.type}/${name}`)
    return this.#kind.isOf(row) ? row : undefined
  }

  #scope(name: string, { path: given, role, inheritable }: QuotaScope): ScopeIds {
    const { namespace, path } = this.#deps.locate(sanitized(given))
    const mount = path === '' ? undefined : this.#deps.serving(namespace, path)
    if (path !== '' && mount === undefined) throw quotaErrors.MOUNT({ path })
    const suffix = mount === undefined ? '' : path.slice(mount.path.length).replace(/\/$/, '')
    if (role !== '') this.#assertRoles(mount, suffix, path)
    if (mount !== undefined && inheritable === true) throw quotaErrors.NOT_INHERITABLE()
    return {
      id: this.#deps.uuid(),
      name,
      namespaceId: namespace.id,
      namespacePath: namespace.path,
      mountUuid: mount?.uuid ?? '',
      suffix,
      role,
      inheritable: inheritable ?? (namespace.id === rootNamespace.id && mount === undefined),
    }
  }

  #assertRoles(mount: Mount | undefined, suffix: string, path: string): void {
    if (suffix !== '') throw quotaErrors.SUFFIX_AND_ROLE()
    if (mount === undefined || mount.kind !== 'auth') throw quotaErrors.NOT_AUTH({ path })
    if (!this.#deps.hasRoles(mount)) throw quotaErrors.NO_ROLES({ path })
  }

  /** Undefined for what is on its way out: its mount or its namespace is gone. */
  #pathOf({ namespaceId, namespacePath, mountUuid, suffix }: R): string | undefined {
    if (!this.#deps.isServed(namespaceId)) return undefined
    if (mountUuid === '') return namespacePath
    const mount = this.#deps.mountOf(mountUuid)
    return mount && namespacePath + mount.path + suffix
  }
}

/** Nothing but this and what is below it can be managed from a namespace. */
function isWithin({ namespacePath }: Pick<QuotaRule, 'namespacePath'>, { path }: Namespace): boolean {
  return namespacePath.startsWith(path)
}

/** As Vault takes a path: with a slash at its end and none before it. */
function sanitized(path: string): string {
  return `${path.replace(/\/+$/, '')}/`.replace(/^\/+/, '')
}
