/** What a client asks to learn of a holder. */
import type { ReadView } from '#framework'
import type { IdentityFacts } from '../../../../lib/identity-template.ts'
import { renderClaims, type Claims } from './claims.ts'
import { scopes, type Provider } from './store.ts'

/** Every request has it; it adds no claims. */
export const OPENID = 'openid'

/** The scopes that were asked for and that the provider has, sorted; undefined without `openid`. */
export function requestedScopes(asked: string, { scopesSupported }: Provider): readonly string[] | undefined {
  const names = new Set(asked.split(' ').filter((name) => name !== ''))
  if (!names.has(OPENID)) return undefined
  return supported([...names].toSorted(), scopesSupported).filter((name) => name !== OPENID)
}

export function supported(names: readonly string[], scopesSupported: readonly string[]): readonly string[] {
  return names.filter((name) => scopesSupported.includes(name))
}

export type ScopeClaims =
  | { readonly kind: 'claims'; readonly claims: readonly Claims[] }
  /** Two scopes would set one claim: which of them counts nobody has said. */
  | { readonly kind: 'conflict'; readonly sentence: string }

/** The claims of scopes for one holder. `unfit` is told of a scope whose template does not fit him: its claims are left out. */
export async function claimsOfScopes(
  view: ReadView,
  names: readonly string[],
  { facts, now, unfit }: { readonly facts: IdentityFacts; readonly now: number; unfit(scope: string): void },
): Promise<ScopeClaims> {
  const owners = new Map<string, string>()
  const claims: Claims[] = []
  for (const name of names) {
    // A scope that is not understood is ignored (OpenID Connect Core 3.1.2.1).
    const rendered = renderClaims((await scopes.get(view, name))?.template ?? '', facts, now)
    if (rendered.kind !== 'claims') {
      unfit(name)
      continue
    }
    for (const claim of rendered.claims.keys()) {
      const owner = owners.get(claim)
      if (owner !== undefined)
        return {
          kind: 'conflict',
          sentence: `found scopes with conflicting top-level claim: claim "${claim}" in scopes "${name}", "${owner}"`,
        }
      owners.set(claim, name)
    }
    claims.push(rendered.claims)
  }
  return { kind: 'claims', claims }
}
