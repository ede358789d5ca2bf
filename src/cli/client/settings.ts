/** From flags and environment to what the client needs to know. */
import { environmentReader } from '../environment.ts'
import { usageFailure } from '../failure.ts'
import { parseBoolean, parseSeconds } from '../flags/flag.ts'
import type { Values } from '../flags/flag.ts'
import { notSet } from '../flags/global.ts'
import type { httpFlags } from '../flags/global.ts'
import type { Environment } from '../io.ts'
import { parseAddress } from './address.ts'
import type { ServerAddress } from './address.ts'
import type { TlsSettings } from './tls.ts'

export type HttpValues = Values<typeof httpFlags>

export interface ClientSettings {
  readonly address: ServerAddress
  readonly namespace: string
  readonly headers: ReadonlyMap<string, string>
  /** Seconds; 0 for none. */
  readonly wrapTtl: number
  readonly mfa: readonly string[]
  readonly policyOverride: boolean
  readonly followRedirect: boolean
  readonly timeoutMs: number
  /** How often a request is sent again after a 5xx, a 429 or a lost connection. */
  readonly retries: number
  readonly tls: TlsSettings
  readonly proxy: ProxyVariables | undefined
  readonly describe: 'curl' | 'policy' | undefined
}

/** Names as `http.Agent` takes them. */
export interface ProxyVariables {
  readonly HTTP_PROXY?: string
  readonly HTTPS_PROXY?: string
  readonly NO_PROXY?: string
}

const defaultTimeoutMs = 60_000

/** Throws `CliFailure`. */
export function clientSettings(flags: HttpValues, env: Environment): ClientSettings {
  const variable = environmentReader(env)
  const agent = flags['agent-address']
  return {
    address: parseAddress(agent === '' ? flags.address : agent),
    namespace: canonicalNamespace(flags.ns === notSet ? flags.namespace : flags.ns),
    headers: ownHeaders(flags.header),
    wrapTtl: flags['wrap-ttl'],
    mfa: flags.mfa,
    policyOverride: flags['policy-override'],
    followRedirect: !flags['disable-redirects'],
    timeoutMs: timeout(variable('CLIENT_TIMEOUT')),
    retries: retries(variable('MAX_RETRIES')),
    tls: tlsSettings(flags, variable),
    proxy: proxy(env, variable('PROXY_ADDR') ?? variable('HTTP_PROXY')),
    describe: flags['output-curl-string'] ? 'curl' : flags['output-policy'] ? 'policy' : undefined,
  }
}

function tlsSettings(flags: HttpValues, variable: (suffix: string) => string | undefined): TlsSettings {
  return {
    caFile: flags['ca-cert'],
    caPem: variable('CACERT_BYTES'),
    caFolder: flags['ca-path'],
    certFile: flags['client-cert'],
    keyFile: flags['client-key'],
    serverName: flags['tls-server-name'],
    skipVerify: flags['tls-skip-verify'],
  }
}

/** With a slash at the end and none at the start; empty for the root namespace. */
function canonicalNamespace(text: string): string {
  if (text === notSet) return ''
  const inner = text.trim().replace(/^\/+|\/+$/g, '')
  return inner === '' || inner === 'root' ? '' : `${inner}/`
}

function ownHeaders(headers: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const forbidden = [...headers.keys()].filter((name) => name.toLowerCase().startsWith('x-vault-'))
  if (forbidden.length > 0) {
    throw usageFailure(
      `-header cannot set ${forbidden.join(', ')}: names that start with 'X-Vault-' belong to the client`,
    )
  }
  return headers
}

function timeout(text: string | undefined): number {
  const seconds = text === undefined ? undefined : fromVariable('CLIENT_TIMEOUT', text, parseSeconds)
  return seconds === undefined || seconds <= 0 ? defaultTimeoutMs : Math.min(seconds * 1000, 2 ** 31 - 1)
}

// None by default, as in Vault's command line: a sealed server should say so at once.
function retries(text: string | undefined): number {
  if (text === undefined) return 0
  if (!/^\d{1,4}$/.test(text)) throw usageFailure(`VAULT_MAX_RETRIES takes a whole number, not ${JSON.stringify(text)}`)
  return Number(text)
}

function fromVariable<T>(suffix: string, text: string, read: (text: string) => T): T {
  try {
    return read(text)
  } catch (error) {
    throw usageFailure(`VAULT_${suffix}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** `own` counts for every host; the system's variables spare the machine itself, as Go's do. */
function proxy(env: Environment, own: string | undefined): ProxyVariables | undefined {
  if (own !== undefined) return { HTTP_PROXY: own, HTTPS_PROXY: own }
  const http = env['HTTP_PROXY'] ?? env['http_proxy']
  const https = env['HTTPS_PROXY'] ?? env['https_proxy']
  if (http === undefined && https === undefined) return undefined
  const spared = ['localhost', '127.0.0.1', '::1', env['NO_PROXY'] ?? env['no_proxy'] ?? ''].filter(
    (part) => part !== '',
  )
  return {
    ...(http === undefined ? {} : { HTTP_PROXY: http }),
    ...(https === undefined ? {} : { HTTPS_PROXY: https }),
    NO_PROXY: spared.join(','),
  }
}

/** For flags read before the flags themselves are: true for any spelling of true. */
export function isTrue(text: string | undefined): boolean {
  try {
    return text !== undefined && parseBoolean(text)
  } catch {
    return false
  }
}
