/**
 * Control groups: a request that a rule allows, but for the authorization of others, is kept for who asked. He gets the token of it in the
 * place of an answer, others authorize it by the token's accessor, and he has it carried out, once. What is kept lies with the token, and
 * goes with it.
 */
import { approvalErrors } from '../errors/approval.ts'
import { rfc3339 } from '../lib/rfc3339.ts'
import type {
  Approval,
  ApprovalPaths,
  ApprovalStatus,
  HoldFactor,
  HoldPort,
  Person,
} from '../request/approval-ports.ts'
import { wrappingErrors } from '../errors/wrapping.ts'
import type { Caller } from '../request/caller.ts'
import type { WrapInfo } from '../request/reply.ts'
import { homeOf } from '../request/namespace-home.ts'
import { rootNamespace, type Namespace, type Request } from '../request/request.ts'
import type { WrappingTokens } from '../request/token-ports.ts'
import type { WrappedInfo } from '../request/wrapping-ports.ts'
import type { ReadView, WriteView } from '../storage/view.ts'
import { areMet, isMember } from './factors.ts'
import { presentId, standing, type IdentitiesOf, type Standing } from './people.ts'
import { decodeAuthorizations, decodeHeld, encodeAuthorizations, encodeHeld, type Held } from './record.ts'

export interface HeldRequestsDeps {
  /** The time by which tokens expire. */
  readonly time: { now(): number }
  readonly tokens: WrappingTokens
  readonly identityIn: IdentitiesOf
  /** Where what is kept for a token lies; it goes with the token, whoever ends it. */
  readonly prefixOf: (tokenKey: string) => string
}

const POLICY = 'control-group'
/** Seconds, as in Vault, where no rule says otherwise. */
const DEFAULT_TTL = 86_400
const MAX_BODY = 1 << 20

/** What is kept of a namespace besides its held requests, which go with their tokens. */
export function controlGroupPrefix(namespaceId: string): string {
  return `${homeOf(namespaceId)}core/control-group/${namespaceId}/`
}

const settingsKey = (namespaceId: string): string => `${controlGroupPrefix(namespaceId)}max-ttl`

export class HeldRequests implements HoldPort, ApprovalPaths {
  readonly #deps: HeldRequestsDeps

  constructor(deps: HeldRequestsDeps) {
    this.#deps = deps
  }

  // HoldPort

  async hold(view: WriteView, asked: Parameters<HoldPort['hold']>[1]): Promise<WrapInfo> {
    const { request, operation, mount, caller, hold, mfaMethods } = asked
    const requester = await this.#personOf(view, caller)
    if (requester === undefined) throw approvalErrors.NO_IDENTITY()
    if (request.openBody !== undefined) throw approvalErrors.NOT_HELD()
    if (sizeOf(request) > MAX_BODY) throw approvalErrors.TOO_LARGE({ max: MAX_BODY })
    const limits = [hold.ttl ?? DEFAULT_TTL, ...(await this.#limits(view, request.namespace.id))]
    const ttl = Math.max(1, Math.ceil(Math.min(...limits)))
    const { path, namespace } = request
    const { tokens, time, prefixOf } = this.#deps
    const made = await tokens.createWrapping(view, { path, ttl, namespaceId: namespace.id, policy: POLICY })
    const requestedAt = rfc3339(time.now())
    const held: Held = {
      operation,
      path,
      namespaceId: namespace.id,
      mountUuid: mount.uuid,
      body: request.body,
      query: request.query,
      rawBody: request.rawBody,
      wrapTtl: request.wrapTtl,
      requestId: request.id,
      requester,
      requestedAt,
      ttl,
      factors: hold.factors,
      mfaMethods,
    }
    view.put(`${prefixOf(made.key)}request`, encodeHeld(held))
    return { token: made.token, accessor: made.accessor, ttl, creationTime: requestedAt, creationPath: path }
  }

  async approval(view: ReadView, token: string, caller: Caller | undefined): Promise<Approval> {
    const found = await this.#byToken(view, token)
    if (found === undefined) throw wrappingErrors.INVALID_TOKEN()
    const { key, held } = found
    const who = caller && (await this.#personOf(view, caller))
    const requester = await presentId(view, held.requester, this.#deps.identityIn)
    if (who === undefined || who.entityId !== requester || who.namespaceId !== held.requester.namespaceId)
      throw approvalErrors.NOT_REQUESTER()
    const standingNow = await this.#standing(view, key, held)
    if (!areMet(held.factors, standingNow)) throw approvalErrors.PENDING()
    return {
      held,
      authorizations: standingNow.map(({ authorization }) => authorization),
      spend: (writing, besides) => this.#spend(writing, token, besides),
    }
  }

  // ApprovalPaths

  async isHeld(view: ReadView, token: string): Promise<boolean> {
    return (await this.#deps.tokens.findWrapping(view, token, POLICY)) !== undefined
  }

  async lookup(view: ReadView, token: string): Promise<WrappedInfo | undefined> {
    const found = await this.#byToken(view, token)
    return found && { creationPath: found.held.path, creationTime: found.held.requestedAt, creationTtl: found.held.ttl }
  }

  async authorize(
    view: WriteView,
    namespace: Namespace,
    accessor: string,
    caller: Caller | undefined,
  ): Promise<ApprovalStatus> {
    const { key, held } = await this.#byAccessor(view, namespace, accessor)
    const approver = caller && (await this.#personOf(view, caller))
    if (approver === undefined) throw approvalErrors.APPROVER()
    const { identityIn, prefixOf, time } = this.#deps
    if (approver.entityId === (await presentId(view, held.requester, identityIn))) throw approvalErrors.SELF()
    const groups = (await identityIn(approver.namespaceId)?.groupsOf(view, approver.entityId)) ?? []
    if (!held.factors.some((factor) => isMember({ entityId: approver.entityId, groups }, factor)))
      throw approvalErrors.NO_MEMBER()
    const place = `${prefixOf(key)}authorizations`
    const before = decodeAuthorizations(await view.get(place))
    // Who authorizes once more has authorized now.
    const others = before.filter(({ entityId }) => entityId !== approver.entityId)
    view.put(place, encodeAuthorizations([...others, { ...approver, at: rfc3339(time.now()) }]))
    return this.#statusOf(view, key, held)
  }

  async status(view: ReadView, namespace: Namespace, accessor: string): Promise<ApprovalStatus> {
    const { key, held } = await this.#byAccessor(view, namespace, accessor)
    return this.#statusOf(view, key, held)
  }

  async maxTtl(view: ReadView, namespaceId: string): Promise<number | undefined> {
    const bytes = await view.get(settingsKey(namespaceId))
    return bytes === undefined ? undefined : Number(Buffer.from(bytes).toString())
  }

  setMaxTtl(view: WriteView, namespaceId: string, seconds: number | undefined): void {
    if (seconds === undefined) view.delete(settingsKey(namespaceId))
    else view.put(settingsKey(namespaceId), Buffer.from(String(seconds)))
  }

  /** Read again in the transaction that carries it out: what was so when it was looked at need not be so any more. */
  async #spend(view: WriteView, token: string, besides: readonly HoldFactor[]): Promise<void> {
    const found = await this.#byToken(view, token)
    if (found === undefined) throw wrappingErrors.INVALID_TOKEN()
    const { key, held } = found
    if (!areMet([...held.factors, ...besides], await this.#standing(view, key, held))) throw approvalErrors.PENDING()
    await this.#deps.tokens.spend(view, key)
  }

  async #statusOf(view: ReadView, key: string, held: Held): Promise<ApprovalStatus> {
    const standingNow = await this.#standing(view, key, held)
    return {
      approved: areMet(held.factors, standingNow),
      held,
      authorizations: standingNow.map(({ authorization }) => authorization),
    }
  }

  async #standing(view: ReadView, key: string, held: Held): Promise<readonly Standing[]> {
    const given = decodeAuthorizations(await view.get(`${this.#deps.prefixOf(key)}authorizations`))
    const found = await standing(view, held.requester, given, this.#deps.identityIn)
    return found.filter((one) => held.factors.some((factor) => isMember(one, factor)))
  }

  async #byToken(view: ReadView, token: string): Promise<{ readonly key: string; readonly held: Held } | undefined> {
    const found = await this.#deps.tokens.findWrapping(view, token, POLICY)
    return found && this.#heldAt(view, found.key)
  }

  async #byAccessor(view: ReadView, { id }: Namespace, accessor: string) {
    const found = await this.#deps.tokens.findWrappingByAccessor(view, accessor, id, POLICY)
    const held = found && (await this.#heldAt(view, found.key))
    if (held === undefined) throw approvalErrors.ACCESSOR()
    return held
  }

  async #heldAt(view: ReadView, key: string) {
    const bytes = await view.get(`${this.#deps.prefixOf(key)}request`)
    return bytes && { key, held: decodeHeld(bytes) }
  }

  async #personOf(view: ReadView, { entityId, namespaceId }: Caller): Promise<Person | undefined> {
    const entity = entityId === '' ? undefined : await this.#deps.identityIn(namespaceId)?.entity(view, entityId)
    return entity === undefined || entity.disabled
      ? undefined
      : { entityId: entity.id, entityName: entity.name, namespaceId }
  }

  /** That of the namespace, and that of the whole server. */
  async #limits(view: ReadView, namespaceId: string): Promise<readonly number[]> {
    const found = [await this.maxTtl(view, namespaceId), await this.maxTtl(view, rootNamespace.id)]
    return found.filter((one) => one !== undefined)
  }
}

function sizeOf({ body, query, rawBody }: Request): number {
  let size = rawBody?.length ?? 0
  for (const [name, json] of body) size += name.length + json.text.length
  for (const [name, value] of query) size += name.length + value.length
  return size
}
