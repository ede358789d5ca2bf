/**
 * A PostgreSQL connection URL, or libpq's `host=db user=u`, read as libpq reads it. The library's own reading of `sslmode` differs from libpq's and between its versions,
 * so what is secured by what is decided here.
 */
import { readFileSync } from 'node:fs'
import { checkServerIdentity, type ConnectionOptions } from 'node:tls'
import type { ClientConfig } from 'pg'

export interface ConnectionSettings {
  readonly config: ClientConfig
  /** `prefer`: TLS where the server has it, unverified, and else none. */
  readonly tls: ConnectionOptions | 'off' | 'prefer'
  /** What no message may show. */
  readonly secrets: readonly string[]
}

/** What is wrong with a URL; never what stands in it. */
export class PostgresUrlError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'PostgresUrlError'
  }
}

export interface UrlOptions {
  /** Parameters that are not libpq's are settings of the session, as pgx has it; the server refuses those it does not know. */
  readonly sessionSettings?: boolean
  /** PEM, in place of files. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/** A parameter that is not here is refused: a misspelt `sslmode` must not be passed over. */
const PARAMETERS: ReadonlySet<string> = new Set([
  'application_name',
  'connect_timeout',
  'dbname',
  'host',
  'options',
  'password',
  'port',
  'search_path',
  'sslcert',
  'sslkey',
  'sslmode',
  'sslrootcert',
  'user',
])

const DEFAULT_PORT = 5432

/** Throws `PostgresUrlError`. */
export function parsePostgresUrl(text: string, given: UrlOptions = {}): ConnectionSettings {
  const url = parse(text)
  const parameters = new Map(url.searchParams)
  const others = [...parameters].filter(([name]) => !PARAMETERS.has(name))
  for (const [name] of others)
    if (given.sessionSettings !== true || !/^[\w.]+$/.test(name)) throw wrong(`the parameter "${name}" is not known`)
  // The empty host is libpq's word for the socket of the machine, in a folder that was chosen when it was built.
  const host = (parameters.get('host') ?? decoded(url.hostname.replace(/^\[(.+)\]$/, '$1'))).trim() || 'localhost'
  if (host.includes(',')) throw wrong('more than one host is not supported')
  const password = parameters.get('password') ?? decoded(url.password)
  const user = parameters.get('user') ?? decoded(url.username)
  const database = parameters.get('dbname') ?? decoded(url.pathname.slice(1))
  const searchPath = parameters.get('search_path')
  const options = [
    parameters.get('options'),
    searchPath === undefined ? undefined : `-c search_path=${escapeOption(searchPath)}`,
    ...others.map(([name, value]) => `-c ${name}=${escapeOption(value)}`),
  ].filter((option) => option !== undefined)
  return {
    config: {
      host,
      port: portOf(parameters.get('port') ?? url.port),
      ...(user === '' ? {} : { user }),
      ...(password === '' ? {} : { password }),
      ...(database === '' ? {} : { database }),
      ...(options.length === 0 ? {} : { options: options.join(' ') }),
      application_name: parameters.get('application_name') ?? 'coffer',
      ...timeoutOf(parameters.get('connect_timeout')),
    },
    tls: tlsOf(parameters, host, given),
    secrets: [text, password, encodeURIComponent(password), url.password],
  }
}

/** Throws `PostgresUrlError`. Text of libpq's `key=value` form, with quotes as it has them, as a URL. */
export function urlOfKeywords(text: string): string {
  const parameters = new URLSearchParams()
  const pair = /\s*(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?=\s|$)/y
  while (text.slice(pair.lastIndex).trim() !== '') {
    const found = pair.exec(text)
    if (found === null) throw wrong('it is neither a URL nor a list of keywords and values')
    parameters.set(found[1] ?? '', (found[2] ?? found[3] ?? '').replace(/\\(.)/g, '$1'))
  }
  return `postgres:///?${parameters.toString()}`
}

function parse(text: string): URL {
  if (!/^postgres(?:ql)?:\/\//.test(text)) throw wrong('it must start with postgres:// or postgresql://')
  // A user without a host stands for the local socket, which the standard's parser does not take.
  const url = URL.parse(text.replace('@/', '@%20/'))
  if (url === null) throw wrong('it is not a URL; characters such as # and @ in a password must be percent-encoded')
  return url
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw wrong('it has a % that starts no percent-encoding')
  }
}

function portOf(text: string): number {
  const port = text === '' ? DEFAULT_PORT : Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw wrong('the port is not a port')
  return port
}

function timeoutOf(text: string | undefined): ClientConfig {
  const seconds = Number(text ?? '0')
  if (!Number.isInteger(seconds) || seconds < 0) throw wrong('"connect_timeout" must be a number of seconds')
  return seconds === 0 ? {} : { connectionTimeoutMillis: Math.min(seconds, 600) * 1000 }
}

function escapeOption(value: string): string {
  return value.replace(/[\\ ]/g, '\\$&')
}

function tlsOf(parameters: ReadonlyMap<string, string>, host: string, given: UrlOptions): ConnectionSettings['tls'] {
  const mode = parameters.get('sslmode') ?? (given.ca === undefined ? 'prefer' : 'verify-full')
  // On a socket of the machine there is nobody between.
  const local = host.startsWith('/')
  const root = parameters.get('sslrootcert')
  const options: ConnectionOptions = {
    ...(root === undefined || root === 'system' ? {} : { ca: fileOf(root, 'sslrootcert') }),
    ...pemOf(parameters, 'sslcert', 'cert'),
    ...pemOf(parameters, 'sslkey', 'key'),
    ...(given.ca === undefined ? {} : { ca: given.ca }),
    ...(given.cert === undefined ? {} : { cert: given.cert }),
    ...(given.key === undefined ? {} : { key: given.key }),
  }
  switch (mode) {
    case 'disable':
      return 'off'
    case 'allow':
    case 'prefer':
      return local ? 'off' : 'prefer'
    case 'require':
      if (local) return 'off'
      // As libpq: with a root certificate at hand, `require` looks whether the server's is of it.
      return options.ca === undefined
        ? { ...options, rejectUnauthorized: false }
        : { ...options, rejectUnauthorized: true, checkServerIdentity: () => undefined }
    case 'verify-ca':
      if (options.ca === undefined) throw wrong('sslmode=verify-ca needs the file of a certificate in "sslrootcert"')
      return local ? 'off' : { ...options, rejectUnauthorized: true, checkServerIdentity: () => undefined }
    case 'verify-full':
      return local
        ? 'off'
        : { ...options, rejectUnauthorized: true, checkServerIdentity: (_, cert) => checkServerIdentity(host, cert) }
    default:
      throw wrong('"sslmode" must be disable, allow, prefer, require, verify-ca or verify-full')
  }
}

function pemOf(parameters: ReadonlyMap<string, string>, name: string, option: 'cert' | 'key'): ConnectionOptions {
  const path = parameters.get(name)
  return path === undefined ? {} : { [option]: fileOf(path, name) }
}

function fileOf(path: string, name: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'error'
    throw wrong(`the file of "${name}" cannot be read (${code})`)
  }
}

function wrong(why: string): PostgresUrlError {
  return new PostgresUrlError(`the connection URL is not valid: ${why}`)
}
