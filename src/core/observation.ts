/** What every core has to tell of itself and of those who use it: headers below `/ui`, engines that let go, clients by month. */
import { countTokens } from '../auth/count-tokens.ts'
import { countEntities } from '../engines/secrets/identity/count.ts'
import { catalogPaths } from '../engines/system/catalog.ts'
import { activityPaths } from '../engines/system/paths/activity.ts'
import { counterPaths } from '../engines/system/paths/counters.ts'
import type { PathDefinition } from '../framework/path.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/observe/index.ts'
import type { CatalogPort } from '../request/inspect-ports.ts'
import type { Mount } from '../request/mount.ts'
import { mountStorage } from '../router/mount-record.ts'
import type { MountTable } from '../router/mount-table.ts'
import type { NamespaceTable } from '../router/namespace-table.ts'
import type { Driver } from '../storage/driver.ts'
import type { Store } from '../storage/store.ts'
import { Activity } from './activity/activity.ts'
import { CONFIG_KEY } from './activity/records.ts'
import { ENGINE_RELOADS_KEY, EngineReloads } from './engine-reloads.ts'
import { Followed, type Follower } from './followed.ts'
import type { ActivePart } from './lifecycle.ts'
import { UI_HEADERS_FOLDER, UiHeaders } from './ui-headers.ts'

export interface ObservationDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly mounts: MountTable
  readonly namespaces: NamespaceTable
  /** Names this node. */
  readonly hostname: string
  /** The engine of a mount lets go of what it holds. Never rejects. */
  released(mount: Mount): Promise<void>
}

export class Observation {
  readonly uiHeaders = new UiHeaders()
  readonly activity: Activity
  /** Started in this order, after the mounts. */
  readonly parts: readonly ActivePart[]
  readonly #deps: ObservationDeps
  readonly #engineReloads: EngineReloads

  constructor(deps: ObservationDeps) {
    const { store, clock, log, mounts, namespaces } = deps
    this.#deps = deps
    this.#engineReloads = new EngineReloads({
      where: deps.hostname,
      released: async (uuid) => {
        const mount = mounts.index.byUuid(uuid)
        if (mount !== undefined) await deps.released(mount)
      },
    })
    this.activity = new Activity({
      store,
      clock,
      log: log.named('activity'),
      namespaces,
      mounts: {
        byAccessor: (accessor) => mounts.index.byAccessor(accessor),
        serving: (namespaceId, path) => mounts.index.match(namespaceId, path)?.mount,
      },
      entitiesIn: async (view, namespaceId) => {
        const mount = mounts.index.at(namespaceId, 'identity/')
        return mount === undefined ? 0 : countEntities(view.sub(mountStorage(mount)))
      },
      tokensIn: countTokens,
    })
    this.parts = [
      { start: () => store.read((view) => this.uiHeaders.load(view)), stop: () => this.uiHeaders.clear() },
      { start: () => store.read((view) => this.#engineReloads.load(view)), stop: () => undefined },
      this.activity,
    ]
  }

  /** On a core that only reads. */
  followers(driver: Driver): readonly Follower[] {
    return [
      new Followed(driver, UI_HEADERS_FOLDER, (view) => this.uiHeaders.load(view)),
      new Followed(driver, ENGINE_RELOADS_KEY, (view) => this.#engineReloads.follow(view)),
      new Followed(driver, CONFIG_KEY, (view) => this.activity.load(view)),
    ]
  }

  /** `isOpen`: the configuration opens the table of mounts to those who look into it. */
  paths(names: CatalogPort['names'], isOpen: boolean, storageOf: (mount: Mount) => string): readonly PathDefinition[] {
    const { mounts, namespaces } = this.#deps
    const introspection = {
      mounts: () => mounts.all(),
      namespacePath: (id: string) => namespaces.byId(id)?.path ?? '',
      storageOf,
    }
    return [
      ...activityPaths({ activity: this.activity }),
      ...counterPaths({ activity: this.activity }),
      ...catalogPaths({
        uiHeaders: this.uiHeaders,
        engineReloads: this.#engineReloads,
        mounts,
        catalog: { names, version: mounts.versionOf() },
        introspection: isOpen ? introspection : undefined,
      }),
    ]
  }
}
