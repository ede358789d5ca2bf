/** Why no answer came, in words that say what to do next. */
import { ConnectionError } from './response-error.ts'
import type { ClientSettings } from './settings.ts'
import type { WireRequest } from './transport.ts'

interface Advice {
  readonly said: string
  readonly next?: string
}

const unverified = new Set([
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

const notTls = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'EPROTO'])

export function connectionError(
  error: Error,
  wire: Pick<WireRequest, 'method' | 'url'>,
  settings: ClientSettings,
): ConnectionError {
  const code = codeOf(error)
  const { said, next } = advice(code, error, settings)
  const hint = next === undefined ? '' : `\n\n${next}`
  return new ConnectionError(`${titled(wire.method)} ${JSON.stringify(wire.url)}: ${said}${hint}`, code, error)
}

function advice(code: string, error: Error, { address, timeoutMs }: ClientSettings): Advice {
  const { socketPath } = address
  const place = socketPath ?? `${address.hostname}:${address.port}`
  if (code === 'ECONNREFUSED' || (code === 'ENOENT' && socketPath !== undefined)) {
    return {
      said: `nothing listens at ${place}`,
      next:
        'Is the server running? "coffer server -dev" starts one for trying out. If it listens elsewhere, say where with ' +
        '-address\nor VAULT_ADDR, for instance: export VAULT_ADDR=http://127.0.0.1:8200',
    }
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return { said: `the name ${address.hostname} cannot be resolved`, next: 'Check -address or VAULT_ADDR.' }
  }
  if (code === 'ETIMEDOUT') {
    return { said: `no answer within ${timeoutMs / 1000}s`, next: 'VAULT_CLIENT_TIMEOUT sets how long to wait.' }
  }
  if (notTls.has(code)) {
    return {
      said: 'server gave HTTP response to HTTPS client',
      next: `The server does not speak TLS there. For plain HTTP set: export VAULT_ADDR=http://${place}`,
    }
  }
  if (unverified.has(code)) {
    return {
      said: `failed to verify certificate: ${error.message.replace(/; .*/s, '')}`,
      next: 'Name the CA that signed it with -ca-cert or VAULT_CACERT.',
    }
  }
  if (code === 'ECONNRESET' && !address.secure) {
    return { said: error.message, next: `If the server speaks TLS, set: export VAULT_ADDR=https://${place}` }
  }
  return { said: error.message }
}

function codeOf(error: Error): string {
  // Several addresses of one name were tried: each has its own error, all of a kind.
  const one: unknown = error instanceof AggregateError ? (error.errors[0] ?? error) : error
  return one instanceof Error && 'code' in one && typeof one.code === 'string' ? one.code : ''
}

function titled(method: string): string {
  return `${method.slice(0, 1)}${method.slice(1).toLowerCase()}`
}
