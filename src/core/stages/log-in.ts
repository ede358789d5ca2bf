/** A log-in, watched: who failed too often under a name is refused before anything is looked at. */
import { CofferError } from '../../errors/coffer-error.ts'
import { loginErrors } from '../../errors/login.ts'
import type { OperationDefinition } from '../../framework/path.ts'
import type { LoginAttempt } from '../../request/lockout-ports.ts'
import type { Reply } from '../../request/reply.ts'
import { callOf } from '../call.ts'
import type { PipelineDeps } from '../deps.ts'
import type { Exchange } from '../exchange.ts'

const WRONG = loginErrors.WRONG({ sentence: '' }).code
const UNKNOWN = loginErrors.UNKNOWN({ sentence: '' }).code

/** `carryOut` is given the attempt, to settle it within its transaction; undefined where nobody is locked out. */
export async function watched(
  x: Exchange,
  deps: PipelineDeps,
  operation: OperationDefinition,
  carryOut: (attempt: LoginAttempt | undefined) => Promise<Reply>,
): Promise<Reply> {
  using attempt = await begin(x, deps, operation)
  try {
    const reply = await carryOut(attempt)
    attempt?.succeeded()
    return reply
  } catch (error) {
    // What else went wrong (an address, the storage) says nothing about the credentials.
    const code = error instanceof CofferError ? error.code : undefined
    if (code === WRONG || code === UNKNOWN) await attempt?.failed(code === WRONG)
    throw error
  }
}

async function begin(
  x: Exchange,
  deps: PipelineDeps,
  { alias: aliasOf, prepare }: OperationDefinition,
): Promise<LoginAttempt | undefined> {
  const lockout = deps.lockout()
  if (aliasOf === undefined || lockout === undefined) return undefined
  const alias = await aliasOf(await callOf(x, deps, 'read'))
  if (alias === undefined) return undefined
  x.snapshot ??= await deps.openSnapshot()
  return lockout.begin(x.snapshot, { mount: x.route.mount, alias }, prepare !== undefined)
}
