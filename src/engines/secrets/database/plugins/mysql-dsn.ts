/** The connection string of Go's MySQL driver, which Vault's configurations have: `user:password@tcp(host:3306)/db?tls=true`. */
import { DetailsError } from './plugin.ts'

export type MysqlTarget = { readonly host: string; readonly port: number } | { readonly socketPath: string }

export interface MysqlDsn {
  readonly user: string
  readonly password: string
  /** Tried in their order. */
  readonly targets: readonly [MysqlTarget, ...MysqlTarget[]]
  readonly database: string
  readonly tls: 'off' | 'on' | 'preferred' | 'unverified'
}

const PORT = 3306
const TLS: ReadonlyMap<string, MysqlDsn['tls']> = new Map([
  ['', 'off'],
  ['false', 'off'],
  ['true', 'on'],
  ['custom', 'on'],
  ['preferred', 'preferred'],
  ['skip-verify', 'unverified'],
])

/**
 * The places of user and password are filled after the string was read, so that no password can change where it goes.
 * Throws `DetailsError`, which never repeats the string.
 */
export function parseMysqlDsn(template: string, fill: (text: string) => string): MysqlDsn {
  const slash = template.lastIndexOf(
    '/',
    template.includes('?') ? template.indexOf('?', template.lastIndexOf(')')) : undefined,
  )
  if (slash === -1) throw wrong('it has no "/" before the name of the database')
  const [database, query] = split(template.slice(slash + 1), '?')
  const at = template.lastIndexOf('@', slash)
  const [user = '', password = ''] = at === -1 ? [] : split(template.slice(0, at), ':')
  const tls = TLS.get(new URLSearchParams(query).get('tls') ?? '')
  if (tls === undefined) throw wrong('"tls" takes true, false, preferred or skip-verify')
  return {
    user: fill(user),
    password: fill(password),
    targets: targetsOf(template.slice(at + 1, slash)),
    database: decoded(database),
    tls,
  }
}

function targetsOf(address: string): MysqlDsn['targets'] {
  const found = /^(?:(\w+)(?:\(([^()]*)\))?)?$/.exec(address)
  if (found === null) throw wrong('the address is written as tcp(host:port) or unix(/path)')
  const [, network = 'tcp', where = ''] = found
  if (network === 'unix') return [{ socketPath: where === '' ? '/tmp/mysql.sock' : where }]
  if (network !== 'tcp') throw wrong('the network is tcp or unix')
  const [first, ...rest] = where
    .split(',')
    .map((one) => one.trim())
    .filter((one, i) => one !== '' || i === 0)
    .map(hostOf)
  return [first ?? { host: '127.0.0.1', port: PORT }, ...rest]
}

function hostOf(text: string): MysqlTarget {
  const found = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text)
  const port = Number(found?.[3] ?? PORT)
  if (found === null || port < 1 || port > 65_535) throw wrong('the address is written as host:port')
  return { host: (found[1] ?? found[2] ?? '') || '127.0.0.1', port }
}

/** At its first occurrence. */
function split(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark)
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + mark.length)]
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw wrong('it has a % that starts no percent-encoding')
  }
}

function wrong(why: string): DetailsError {
  return new DetailsError(`cannot parse connection url: ${why}`)
}
