/** The `iss` of tokens: the address that was configured, or the one at which the leader answers clients, and the issuer's path below it. */
import type { ReadView } from '#framework'
import type { Namespace } from '../../../../request/request.ts'
import type { OidcPorts } from './ports.ts'
import { issuers, leaderAddress, type Provider } from './store.ts'

/** Where an issuer stands: its view, its namespace. */
export interface Place {
  readonly view: ReadView
  readonly request: { readonly namespace: Namespace }
}

type Address = Pick<OidcPorts, 'apiAddress'>

/** Scheme, host and port of http or https; nothing more, not even a final slash. */
export function isIssuerAddress(text: string): boolean {
  return /^https?:\/\/[^/?#@\\\s]+$/i.test(text) && URL.canParse(text)
}

export const ISSUER_PROBLEM =
  'invalid issuer, which must include only a scheme, host, and optional port (e.g. https://example.com:8200)'

export const ISSUER_WARNING =
  'If "issuer" is set explicitly, all tokens must be validated against that address, including those issued by ' +
  'secondary clusters. Setting issuer to "" will restore the default behavior of using the cluster\'s api_addr as the issuer.'

/** Of identity tokens. */
export async function tokenIssuer({ view, request }: Place, ports: Address): Promise<string> {
  return issuerAt(await addressOf(view, await issuers.get(view), ports), request.namespace)
}

export async function providerIssuer(
  { view, request }: Place,
  { name, provider }: { readonly name: string; readonly provider: Provider },
  ports: Address,
): Promise<string> {
  return `${issuerAt(await addressOf(view, provider.issuer, ports), request.namespace)}/provider/${name}`
}

/** Where nothing is configured. */
export async function usualAddress(view: ReadView, { apiAddress }: Address): Promise<string> {
  return (await leaderAddress.get(view)) ?? apiAddress
}

async function addressOf(view: ReadView, configured: string, ports: Address): Promise<string> {
  return configured === '' ? usualAddress(view, ports) : configured
}

function issuerAt(address: string, { path }: Namespace): string {
  return `${address}/v1/${path}identity/oidc`
}
