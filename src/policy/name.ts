import { policyName } from '../lib/policy-names.ts'

const MAX_LENGTH = 255
/** Printable ASCII without what separates lists or paths, quotes or globs. */
const NAME = /^[A-Za-z0-9_.:;@ !$&'()~=+^{}[\]|-]+$/

/**
 * The one form of a policy's name, for writing it, for putting it on a token and for looking it up: without blanks around it and
 * in lower case. Undefined for a name that no policy can have: empty, a path, a list, or beyond ASCII (where case is not one to one).
 */
export function canonicalPolicyName(name: string): string | undefined {
  const clean = policyName(name)
  return clean.length > MAX_LENGTH || !NAME.test(clean) || clean === '.' || clean === '..' ? undefined : clean
}

/** Policies nobody may write or delete. */
export const immutablePolicies: ReadonlySet<string> = new Set(['root', 'response-wrapping', 'control-group'])
