/** Who failed to log in too often is refused for a while. What other rooms need of that; views are those of the whole storage. */
import type { ReadView, WriteView } from '../storage/view.ts'
import type { Mount, UserLockout } from './mount.ts'

/** Auth methods whose users can be locked out. */
export const lockableTypes: ReadonlySet<string> = new Set(['userpass', 'ldap', 'approle'])

/** What holds for mounts that are not tuned otherwise. */
export interface LockoutSettings {
  /** By type of auth method; `all` for those that are not named. What one leaves out is undefined. */
  readonly byType: ReadonlyMap<string, Partial<UserLockout>>
  /** Over all that is said elsewhere: true locks nobody out, false does so wherever it can be done. */
  readonly disabled: boolean | undefined
}

export const plainLockout: LockoutSettings = Object.freeze({ byType: new Map(), disabled: undefined })

/** Where a log-in is for. */
export interface LoginName {
  readonly mount: Mount
  readonly alias: string
}

/** One log-in under way. It ends with `succeeded` or `failed`, or, where it came to neither, with its disposal. */
export interface LoginAttempt extends Disposable {
  /**
   * In the transaction of a log-in whose credentials were right, last of all. Throws `LOGIN_LOCKED` where others under this name have
   * failed too often meanwhile: of many guesses that come at once no more are answered than of those that come one by one.
   */
  settle(view: WriteView): void
  succeeded(): void
  /** `known`: somebody has this name. */
  failed(known: boolean): Promise<void>
}

export interface LockoutPort {
  /**
   * Rejects with `LOGIN_LOCKED`. Undefined where nobody is locked out by this mount. `slow`: to look at the credentials takes long, so
   * that no more are looked at at a time than may be wrong.
   */
  begin(view: ReadView, name: LoginName, slow: boolean): Promise<LoginAttempt | undefined>
}

export interface LockedUsers {
  readonly mountAccessor: string
  readonly aliases: readonly string[]
}

/** What `sys/locked-users` needs. */
export interface LockedUsersPort {
  /** Of one mount, or of all that have some. */
  locked(view: ReadView, mountAccessor: string | undefined): Promise<readonly LockedUsers[]>
  /** One who is not locked stays so. */
  unlock(view: WriteView, mountAccessor: string, alias: string): Promise<void>
}
