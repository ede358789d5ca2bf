/** The engine's turn: one transaction, rolled back on a throw, rerun on a conflict, with token and lease made inside it. */
import { callOf } from '../call.ts'
import type { OperationDefinition } from '../../framework/path.ts'
import { namespaceErrors } from '../../errors/namespaces.ts'
import { requestErrors } from '../../errors/request.ts'
import { RawJson, type JsonOut } from '../../lib/json/index.ts'
import type { LoginAttempt } from '../../request/lockout-ports.ts'
import type { Mount } from '../../request/mount.ts'
import type { Reply } from '../../request/reply.ts'
import type { WriteView } from '../../storage/view.ts'
import { helpReply } from './help.ts'
import { hold, spendApproval } from './hold.ts'
import { factorsIn, withFactors } from './second-factor.ts'
import { watched } from './log-in.ts'
import type { Exchange } from '../exchange.ts'
import type { PipelineDeps } from '../deps.ts'

export async function run(x: Exchange, deps: PipelineDeps): Promise<void> {
  if (!x.hasRoute)
    throw x.request.namespace.id === '' ? namespaceErrors.ABSENT() : requestErrors.NO_HANDLER({ path: x.request.path })
  const { found } = x.route
  if (found === undefined) throw requestErrors.UNSUPPORTED_PATH()
  if (x.request.operation === 'help') {
    x.reply = helpReply(x.route)
    return
  }
  const operation = x.definition
  if (operation === undefined) throw requestErrors.UNSUPPORTED_OPERATION()
  // Whichever way it came here.
  if (x.factors.length > 0) throw requestErrors.PERMISSION_DENIED()
  if (x.isHeld) {
    x.reply = await hold(x, deps)
    return
  }
  const reply = operation.tx === 'read' ? await reading(x, deps, operation) : await writing(x, deps, operation)
  x.reply = x.verdict?.paginationLimit === undefined ? reply : firstPage(reply, x.verdict.paginationLimit)
}

/** A policy's `pagination_limit` holds whatever the client asked for and whether or not the engine pages. */
function firstPage(reply: Reply, limit: number): Reply {
  const { data } = reply
  if (data === undefined || data instanceof RawJson) return reply
  const members = new Map<string, JsonOut | undefined>(data instanceof Map ? data : Object.entries(data))
  const keys = members.get('keys')
  if (!isList(keys) || keys.length <= limit) return reply
  members.set('keys', keys.slice(0, limit))
  // What it says of keys beyond the page would tell of them all the same.
  members.delete('key_info')
  return { ...reply, data: members }
}

// Array.isArray does not narrow readonly arrays.
function isList(value: JsonOut | undefined): value is readonly JsonOut[] {
  return Array.isArray(value)
}

async function reading(x: Exchange, deps: PipelineDeps, operation: OperationDefinition): Promise<Reply> {
  if (x.approval !== undefined) await deps.store().write((view) => spendApproval(x, view))
  const reply = await operation.run(await callOf(x, deps, 'read'), undefined)
  assertNoToken(reply, x.route.mount, operation)
  if (reply.grant !== undefined || reply.lease !== undefined)
    throw new Error('a token or a lease is made by an operation that writes')
  return reply
}

async function writing(x: Exchange, deps: PipelineDeps, operation: OperationDefinition): Promise<Reply> {
  // What cannot be read is refused before anything is looked at.
  const shown =
    operation.flags.login === true && x.route.mount.kind === 'auth' ? factorsIn(x.request.headers) : undefined
  const reply =
    operation.alias === undefined
      ? await transact(x, deps, operation)
      : await watched(x, deps, operation, (attempt) => transact(x, deps, operation, attempt))
  return shown === undefined ? reply : withFactors(x, deps, shown, reply)
}

async function transact(
  x: Exchange,
  deps: PipelineDeps,
  operation: OperationDefinition,
  attempt?: LoginAttempt,
): Promise<Reply> {
  // What is done in other systems, or counted besides, is done once: the approval is used up before.
  const apart = operation.prepare !== undefined || operation.alias !== undefined
  if (apart && x.approval !== undefined) await deps.store().write((view) => spendApproval(x, view))
  const prepared = operation.prepare === undefined ? undefined : await operation.prepare(await callOf(x, deps, 'read'))
  const { length: warned } = x.warnings
  return deps.store().write(async (view) => {
    x.warnings.length = warned
    assertCurrent(x, deps)
    await deps.assertHeld(view, x.route.mount)
    if (!apart) await spendApproval(x, view)
    const call = await callOf(x, deps, 'write', view)
    const reply = await operation.run(call, prepared)
    assertNoToken(reply, x.route.mount, operation)
    const lent = await lend(x, deps, reply, view)
    attempt?.settle(view)
    return lent
  })
}

/** Who asks, and what he may do, was read from a state that a restore has replaced meanwhile: it grants nothing in this one. */
function assertCurrent(x: Exchange, deps: PipelineDeps): void {
  if (x.snapshot !== undefined && x.snapshot.sequence < deps.replacedAt()) throw requestErrors.REPLACED()
}

/** In a reply of a secrets engine it would be a log-in that nobody watches. */
function assertNoToken({ grant, auth }: Reply, mount: Mount, { flags }: OperationDefinition): void {
  // The system ends a log-in that an auth method began.
  const ends = mount.kind === 'system' && flags.login === true && grant === undefined
  if (mount.kind !== 'auth' && !ends && (grant !== undefined || auth !== undefined))
    throw new Error(`${mount.type}: only an auth method may grant a token`)
}

/** Makes the token or the lease that the reply asks for, in the same transaction as what the engine stored. */
async function lend(x: Exchange, deps: PipelineDeps, reply: Reply, view: WriteView): Promise<Reply> {
  const { mount } = x.route
  const { request, caller } = x
  if (reply.grant !== undefined) {
    const auth = await deps.tokens().create(view, reply.grant, {
      mount,
      path: request.path,
      parent: caller,
      namespace: request.namespace,
      remoteAddress: request.remoteAddress,
    })
    return { ...reply, auth, warnings: [...(reply.warnings ?? []), ...auth.warnings] }
  }
  if (reply.lease === undefined) return reply
  const lease = await deps
    .leases()
    .register(view, reply.lease, { mount, path: request.path, caller, namespace: request.namespace, data: reply.data })
  const { leaseId, leaseDuration, renewable } = lease
  return { ...reply, leaseId, leaseDuration, renewable, warnings: [...(reply.warnings ?? []), ...lease.warnings] }
}
