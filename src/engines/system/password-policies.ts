/** Password policies in storage, each below its namespace, as their text. */
import { f, namespaceCollection, type ReadView } from '#framework'
import { generatePassword, parsePasswordPolicy } from '../../lib/password-policy/index.ts'
import { systemErrors } from './errors.ts'

export const passwordPolicies = namespaceCollection('sys/password-policies/{namespace}/{name}', { policy: f.string() })

/** Rejects with `SYSTEM_NO_PASSWORD_POLICY`. */
export async function passwordBy(view: ReadView, namespace: string, name: string): Promise<string> {
  const found = await passwordPolicies.get(view, { namespace, name })
  if (found === undefined) throw systemErrors.NO_PASSWORD_POLICY()
  return generatePassword(parsePasswordPolicy(found.policy))
}
