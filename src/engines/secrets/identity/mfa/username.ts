/** What a service calls somebody. */
import { parseIdentityTemplate, renderIdentityTemplate, type IdentityFacts } from '../../../../lib/identity-template.ts'

/** Undefined where the entity has nothing to put in: nobody is asked then, rather than somebody else. */
export function usernameOf(format: string, facts: IdentityFacts, now: number): string | undefined {
  if (format === '') return facts.entity?.name
  const template = parseIdentityTemplate(format)
  if (template === undefined) return undefined
  let name = template.texts[0] ?? ''
  for (const [index, selector] of template.selectors.entries()) {
    const rendered = renderIdentityTemplate({ texts: ['', ''], selectors: [selector] }, facts, { mode: 'json', now })
    const value: unknown = rendered.kind === 'text' ? JSON.parse(rendered.text) : undefined
    if (typeof value !== 'string' || value === '') return undefined
    name += value + (template.texts[index + 1] ?? '')
  }
  return name
}
