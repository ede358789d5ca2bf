/** A request as a curl command (`-output-curl-string`). */
import type { ClientSettings } from './settings.ts'
import type { WireRequest } from './transport.ts'

export function curlCommand(request: WireRequest, settings: ClientSettings): string {
  const { tls, address } = settings
  const parts = ['curl']
  if (tls.skipVerify) parts.push('--insecure')
  if (request.method !== 'GET') parts.push('-X', request.method)
  if (address.socketPath !== undefined) parts.push('--unix-socket', single(address.socketPath))
  if (tls.caFile !== '') parts.push('--cacert', single(tls.caFile))
  if (tls.caFolder !== '') parts.push('--capath', single(tls.caFolder))
  if (tls.certFile !== '') parts.push('--cert', single(tls.certFile))
  if (tls.keyFile !== '') parts.push('--key', single(tls.keyFile))
  for (const [name, value] of Object.entries(request.headers)) {
    // The token itself must not end up in a shell's history.
    parts.push('-H', name === 'X-Vault-Token' ? `"${name}: $(coffer print token)"` : double(`${name}: ${value}`))
  }
  if (request.body !== undefined) parts.push('-d', single(request.body))
  return [...parts, double(request.url)].join(' ')
}

function single(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`
}

function double(text: string): string {
  return `"${text.replace(/[\\"$`]/g, '\\$&')}"`
}
