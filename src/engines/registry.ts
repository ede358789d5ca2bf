/** Every engine of the program: one line each, and no other list. */
import type { Engine } from '../framework/engine.ts'
import { mountErrors } from '../errors/mounts.ts'
import type { MountKind } from '../request/mount.ts'
import { approle } from './auth/approle/engine.ts'
import { userpass } from './auth/userpass/engine.ts'
import { cubbyhole } from './secrets/cubbyhole/engine.ts'
import { kvV1, kvV2 } from './secrets/kv/engine.ts'
import { transitEngine } from './secrets/transit/engine.ts'
import { totp } from './secrets/totp/engine.ts'
import { plugins as databases } from './secrets/database/plugins/registry.ts'

type Options = ReadonlyMap<string, string>
interface Entry {
  readonly kind: MountKind
  readonly type: string
  readonly select: (options: Options) => Engine
}

/** These need the rooms around them, so `core/house.ts` makes them and hands them in. */
export interface BuiltIn {
  readonly system: Engine
  readonly token: Engine
  readonly identity: Engine
  readonly database: Engine
}

export class Registry {
  readonly #entries: readonly Entry[]

  constructor(builtIn: BuiltIn) {
    const transit = transitEngine()
    this.#entries = [
      { kind: 'secret', type: 'kv', select: kv },
      { kind: 'secret', type: 'cubbyhole', select: () => cubbyhole },
      { kind: 'secret', type: 'transit', select: () => transit },
      { kind: 'secret', type: 'identity', select: () => builtIn.identity },
      { kind: 'auth', type: 'approle', select: () => approle },
      { kind: 'auth', type: 'userpass', select: userpassOf },
      { kind: 'secret', type: 'database', select: () => builtIn.database },
      { kind: 'secret', type: 'totp', select: () => totp },
      { kind: 'auth', type: 'token', select: () => builtIn.token },
      { kind: 'system', type: 'system', select: () => builtIn.system },
    ]
  }

  engineOf(kind: MountKind, type: string, options: Options): Engine | undefined {
    return this.#entries.find((entry) => entry.kind === kind && entry.type === type)?.select(options)
  }

  /** `kv-v1` and `kv-v2` are names for `kv` with its version. */
  canonicalType(type: string, options: Options): { readonly type: string; readonly options: Options } {
    const version = /^kv-v([12])$/.exec(type)?.[1]
    return version === undefined
      ? { type, options }
      : { type: 'kv', options: new Map([...options, ['version', version]]) }
  }

  /** What can be mounted, or configured, sorted: as Vault's catalogue of plugins has it. */
  pluginsOf(type: 'auth' | 'database' | 'secret'): readonly string[] {
    const names = type === 'database' ? [...databases.keys()] : this.typesOf(type).filter((name) => !ONCE.has(name))
    return names.toSorted()
  }

  typesOf(kind: MountKind): readonly string[] {
    return this.#entries.filter((entry) => entry.kind === kind).map((entry) => entry.type)
  }
}

/** Every namespace has one of each, and no more can be mounted. */
const ONCE: ReadonlySet<string> = new Set(['cubbyhole', 'identity', 'token'])

/** Without a version a `kv` mount is version 1, as in Vault. */
function kv(options: Options): Engine {
  const version = options.get('version') ?? '1'
  if (version === '1') return kvV1
  if (version === '2') return kvV2
  throw mountErrors.OPTION({ name: 'version', takes: '"1" or "2"' })
}

function userpassOf(options: Options): Engine {
  const algorithm = options.get('password_hash_algorithm') ?? 'bcrypt'
  if (algorithm !== 'bcrypt' && algorithm !== 'argon2id')
    throw mountErrors.OPTION({ name: 'password_hash_algorithm', takes: '"bcrypt" or "argon2id"' })
  return userpass
}
