/**
 * Policy expressions, after the ACL: those that the caller holds, then those of the path, of its namespace and all above. They take away
 * and give nothing. Root is not asked, and neither is what has to work when all else is shut: what makes a root token.
 */
import { header } from './receive.ts'
import { requestErrors } from '../../errors/request.ts'
import type { GoverningFailure } from '../../request/governing-ports.ts'
import type { Verdict } from '../../request/ports.ts'
import type { Exchange } from '../exchange.ts'
import type { PipelineDeps } from '../deps.ts'

/** Nothing is waited for where nothing is governed. */
export function govern(x: Exchange, deps: PipelineDeps): undefined | Promise<void> {
  if (deps.governing().isIdle(x.snapshot?.sequence) || !isGoverned(x)) return undefined
  return ask(x, deps)
}

/** What is held is asked when it is carried out. */
function isGoverned(x: Exchange): boolean {
  const found = x.hasRoute ? x.route.found : undefined
  const flags = found?.operation?.flags ?? found?.path.flags
  return !x.isHeld && x.verdict?.isRoot !== true && flags?.anonymousBy === undefined
}

async function ask(x: Exchange, deps: PipelineDeps): Promise<void> {
  const { request, operation, caller, approval } = x
  const override = header(x.wire, 'x-vault-policy-override') === 'true'
  const mount = x.hasRoute ? x.route.mount : undefined
  x.snapshot ??= await deps.openSnapshot()
  const governed = { request, operation, mount, caller, approval, override }
  const failures = await deps.governing().failuresOf(governed, x.snapshot)
  if (override) logOverride(x, deps, failures)
  if (failures.length === 0) return
  const denied = failures.find(({ result }) => result === 'denied')
  x.verdict = { ...(x.verdict ?? OPEN), governing: failures, ...(denied === undefined ? {} : { allowed: false }) }
  for (const one of failures) if (one.result === 'advised') log(x, deps, 'an advisory policy was not passed', one)
  if (denied !== undefined) throw requestErrors.GOVERNED(denial(denied))
}

/** Of a request that no policy of a token decides. */
const OPEN: Verdict = Object.freeze({
  allowed: true,
  sudo: false,
  isRoot: false,
  grantingPolicies: [],
  minWrappingTtl: undefined,
  maxWrappingTtl: undefined,
  paginationLimit: undefined,
})

function denial({ name, namespace, type, trace }: GoverningFailure): {
  readonly type: string
  readonly policy: string
  readonly trace: string
} {
  return { type, policy: nameOf({ name, namespace }), trace }
}

/** As Vault names them: `root/cidr-check`. */
function nameOf({ name, namespace }: Pick<GoverningFailure, 'name' | 'namespace'>): string {
  return `${namespace.path === '' ? 'root/' : namespace.path}${name}`
}

/** Asked for or needed: an operator wants to know either. */
function logOverride(x: Exchange, deps: PipelineDeps, failures: readonly GoverningFailure[]): void {
  const overridden = failures.filter(({ result }) => result === 'overridden')
  if (overridden.length === 0) log(x, deps, 'a policy override was asked for and not needed')
  for (const one of overridden) log(x, deps, 'a policy was overridden', one)
}

function log(x: Exchange, deps: PipelineDeps, sentence: string, failure?: GoverningFailure): void {
  const policy = failure === undefined ? {} : { policy: nameOf(failure), type: failure.type, trace: failure.trace }
  deps.log.warn(sentence, { request: x.request.id, operation: x.operation, path: x.request.path, ...policy })
}
