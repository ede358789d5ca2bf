/**
 * New credentials for static roles. The new one is stored before the database is told of it, and becomes the role's own in the
 * transaction that forgets it as a new one: whatever ends in between, one of the two that are stored is the one that works. An attempt of
 * which nobody knows how it ended is made again with the same credential; one that the database refuses twice is replaced.
 */
import { CofferError, type ReadView } from '#framework'
import { makeCredential } from './credentials.ts'
import { hiding, openDatabase, told } from './databases.ts'
import { assertServes, isSelfManaged } from './domain.ts'
import { databaseErrors } from './errors.ts'
import { databaseEvent } from './events.ts'
import { connectionOf } from './issuing.ts'
import { DatabaseFailure, type Credential, type Database } from './plugins/plugin.ts'
import type { Shared, Work } from './ports.ts'
import { nextRotation } from './schedule.ts'
import { due, rotations, staticRoles, type Connection, type Rotation, type StaticRole } from './store.ts'

/** ms until the first retry, which doubles with each up to the longest. */
const RETRY = 10_000
const LONGEST_RETRY = 300_000
const REFUSALS = 2
/** Passwords of uncertain attempts that are remembered. */
const REMEMBERED = 5

export interface RotationOptions {
  /** A role that is not there yet. */
  readonly creating?: StaticRole
  /** Nothing is done unless its time has come: somebody else may have rotated it meanwhile. */
  readonly ifDue?: boolean
}

/** Rejects with why it could not be done; it is tried again later then, unless it was the creation of a role and is known to have failed. */
export function rotate(work: Work, shared: Shared, name: string, options: RotationOptions = {}): Promise<void> {
  return shared.locks.run(`${work.mount.uuid}/static/${name}`, () => new Attempt(work, shared, name).run(options))
}

interface Found {
  readonly role: StaticRole
  readonly creating: boolean
  readonly connection: Connection
  readonly begun: Rotation | undefined
}

class Attempt {
  readonly #work: Work
  readonly #shared: Shared
  readonly #name: string

  constructor(work: Work, shared: Shared, name: string) {
    this.#work = work
    this.#shared = shared
    this.#name = name
  }

  async run(options: RotationOptions): Promise<void> {
    const begun = await this.#prepared(options)
    if (begun === undefined) return
    const { found, rotation } = begun
    try {
      await this.#tell(found, rotation)
    } catch (error) {
      await this.#failed(found, rotation, error)
      throw told(error, 'error setting credentials')
    }
    await this.#done(found, rotation)
  }

  async #prepared(
    options: RotationOptions,
  ): Promise<{ readonly found: Found; readonly rotation: Rotation } | undefined> {
    try {
      const found = await this.#work.apart.read((view) => this.#find(view, options))
      return found && { found, rotation: await this.#begin(found) }
    } catch (error) {
      // Somebody has to change something first: the connection or a policy is missing.
      if (options.creating === undefined) await this.#postpone()
      throw error
    }
  }

  async #postpone(): Promise<void> {
    const name = this.#name
    const dueAt = this.#work.clock.now() + LONGEST_RETRY
    await this.#work.apart.write(async (view) => {
      const stored = await staticRoles.get(view, { name })
      const begun = await rotations.get(view, { name })
      if (stored !== undefined) staticRoles.put(view, name, { ...stored, dueAt }, stored)
      else if (begun?.creating !== undefined) {
        due.delete(view, begun.creating.dueAt, name)
        due.put(view, dueAt, name)
        rotations.put(view, { name }, { ...begun, creating: { ...begun.creating, dueAt } })
      }
    })
  }

  /** Undefined where the role went meanwhile. */
  async #find(view: ReadView, options: RotationOptions): Promise<Found | undefined> {
    const begun = await rotations.get(view, { name: this.#name })
    const stored = await staticRoles.get(view, { name: this.#name })
    const role = stored ?? options.creating ?? begun?.creating
    if (role === undefined) return undefined
    if (options.ifDue === true && role.dueAt > this.#work.clock.now()) return undefined
    const connection = await connectionOf(view, role.dbName)
    assertServes(connection, this.#name, role.credentialType)
    // What was begun for another user is nothing to this one.
    return {
      role,
      creating: stored === undefined,
      connection,
      begun: begun?.username === role.username ? begun : undefined,
    }
  }

  /** The credential that will be set, stored; and due at once, for whoever leads after a crash. */
  async #begin({ role, creating, connection, begun }: Found): Promise<Rotation> {
    const name = this.#name
    const usable = begun !== undefined && begun.refusals < REFUSALS
    const made = usable ? begun : await this.#newRotation(role, connection, begun)
    const dueAt = this.#work.clock.now()
    const rotation: Rotation = creating ? { ...made, creating: { ...role, dueAt } } : made
    await this.#work.apart.write(async (view) => {
      rotations.put(view, { name }, rotation)
      const stored = await staticRoles.get(view, { name })
      if (stored !== undefined) staticRoles.put(view, name, { ...stored, dueAt }, stored)
      else if (creating) {
        due.delete(view, role.dueAt, name)
        due.put(view, dueAt, name)
      }
    })
    return rotation
  }

  async #newRotation(role: StaticRole, connection: Connection, before: Rotation | undefined): Promise<Rotation> {
    const now = this.#work.clock.now()
    const { credential, shown } = await makeCredential(
      {
        namespaceId: this.#work.mount.namespaceId,
        type: role.credentialType,
        config: role.credentialConfig,
        passwordPolicy: connection.passwordPolicy,
        displayName: '',
        roleName: this.#name,
        now,
        expiresAt: nextRotation(role, now),
      },
      this.#shared.passwords,
    )
    return {
      username: role.username,
      password: credential.type === 'password' ? credential.password : '',
      publicKey: credential.type === 'rsa_private_key' ? credential.publicKey : '',
      privateKey: shown.get('rsa_private_key') ?? '',
      earlier: before === undefined ? [] : [...before.earlier, before.password].filter(Boolean).slice(-REMEMBERED),
      failures: before?.failures ?? 0,
      refusals: 0,
      creating: undefined,
    }
  }

  async #tell({ role, connection }: Found, rotation: Rotation): Promise<void> {
    const value = credentialOf(role, rotation)
    const change = { username: role.username, credential: { value, statements: role.rotation } }
    if (!isSelfManaged(connection)) {
      const { databases } = this.#shared
      const database = await databases.get(this.#work.mount.uuid, role.dbName, connection, this.#work.clock)
      return hiding(value, database.updateUser(change))
    }
    const database = await this.#ownDatabase(role, connection, rotation)
    try {
      await hiding(value, database.updateUser(change))
    } finally {
      await database.close()
    }
  }

  /** The user logs in himself: with the password that is his now, or with one that an earlier attempt may have given him. */
  async #ownDatabase(role: StaticRole, connection: Connection, rotation: Rotation): Promise<Database> {
    let failure: unknown
    for (const password of new Set([role.password, rotation.password, ...rotation.earlier.toReversed()])) {
      const login = new Map([
        ['username', role.username],
        ['password', password],
      ])
      const database = await openDatabase(connection, this.#work.clock, login)
      try {
        await database.verify()
        return database
      } catch (error) {
        await database.close()
        failure ??= error
        if (!(error instanceof DatabaseFailure) || !error.refused) break
      }
    }
    throw failure
  }

  async #done({ role, creating }: Found, rotation: Rotation): Promise<void> {
    const name = this.#name
    await this.#work.apart.write(async (view, emit) => {
      const now = this.#work.clock.now()
      const stored = await staticRoles.get(view, { name })
      rotations.delete(view, { name })
      // Deleted meanwhile: nobody is to get this credential any more.
      if (stored === undefined && !creating) return
      const current = stored ?? role
      const next = nextRotation(current, now)
      const { password, privateKey } = rotation
      if (rotation.creating !== undefined) due.delete(view, rotation.creating.dueAt, name)
      const rotated = { ...current, password, privateKey, lastRotation: now, nextRotation: next, dueAt: next }
      staticRoles.put(view, name, rotated, stored)
      if (stored === undefined) {
        emit(databaseEvent('static-role-create', `static-roles/${name}`, name))
        emit(databaseEvent('static-creds-create', `static-creds/${name}`, name))
      } else emit(databaseEvent('rotate', `rotate-role/${name}`, name))
    })
  }

  async #failed({ creating }: Found, rotation: Rotation, error: unknown): Promise<void> {
    const name = this.#name
    const wanted = rotation.creating
    const certain = !(error instanceof DatabaseFailure) || error.applied === 'no'
    const refused = error instanceof DatabaseFailure && error.refused
    await this.#work.apart.write(async (view, emit) => {
      const stored = await staticRoles.get(view, { name })
      emit(
        stored === undefined
          ? databaseEvent('static-creds-create-fail', `static-creds/${name}`, name, { modified: false })
          : databaseEvent('rotate-fail', `rotate-role/${name}`, name, { modified: false }),
      )
      if (creating && stored === undefined && certain && wanted !== undefined) {
        rotations.delete(view, { name })
        due.delete(view, wanted.dueAt, name)
        return
      }
      const failures = rotation.failures + 1
      const dueAt = this.#work.clock.now() + Math.min(RETRY * 2 ** Math.min(failures - 1, 10), LONGEST_RETRY)
      const kept = { ...rotation, failures, refusals: refused ? rotation.refusals + 1 : 0 }
      if (stored !== undefined) {
        staticRoles.put(view, name, { ...stored, dueAt }, stored)
        rotations.put(view, { name }, kept)
      } else if (wanted !== undefined) {
        due.delete(view, wanted.dueAt, name)
        due.put(view, dueAt, name)
        rotations.put(view, { name }, { ...kept, creating: { ...wanted, dueAt } })
      } else rotations.delete(view, { name })
    })
  }
}

function credentialOf(role: StaticRole, rotation: Rotation): Credential {
  if (role.credentialType === 'password') return { type: 'password', password: rotation.password }
  if (role.credentialType === 'rsa_private_key') return { type: 'rsa_private_key', publicKey: rotation.publicKey }
  throw databaseErrors.CREDENTIAL_UNSUPPORTED({ type: role.credentialType })
}

/** In words for a log: our own sentences only. */
export function reasonOf(error: unknown): string {
  return error instanceof CofferError ? error.message : error instanceof Error ? error.name : 'unknown'
}
