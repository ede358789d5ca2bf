/** Makes tokens. */
import { base62 } from '../lib/secure/random.ts'
import { homeNameOf } from '../request/namespace-home.ts'
import type { MadeToken, TokenInit, TokenSealer } from '../request/token-ports.ts'
import type { WriteView } from '../storage/view.ts'
import { sealBatchToken } from './batch-token.ts'
import { tokenErrors } from './errors.ts'
import type { TokenRecords } from './records.ts'
import { mayLiveForEver, type LoginFacts, type TokenEntry } from './token-entry.ts'
import type { TokenHasher } from './token-hasher.ts'

/** 28 letters and digits: 166 bits. */
const TOKEN_LENGTH = 28
const ACCESSOR_LENGTH = 24
/** Of a token that belongs to the root namespace. */
export const ROOT_TOKEN_LENGTH = 'hvs.'.length + TOKEN_LENGTH

export interface CreateDeps {
  readonly records: TokenRecords
  readonly hasher: TokenHasher
  readonly sealer: TokenSealer
  readonly clock: { now(): number }
}

export interface CreateOptions {
  readonly login?: LoginFacts
  /** False: a root token that no request asked for. */
  readonly leased?: boolean
  /** The token itself, where the operator of a development server chose it. */
  readonly value?: string
}

export async function createToken(
  view: WriteView,
  init: TokenInit,
  deps: CreateDeps,
  options: CreateOptions = {},
): Promise<MadeToken> {
  if (init.ttl <= 0 && !mayLiveForEver(init.policies)) throw new Error('only a root token may live for ever')
  if (init.confined !== undefined && init.policies.length > 0) throw new Error('a confined token has no other policies')
  if (init.parent !== undefined) {
    // Read in this transaction: a parent that is revoked meanwhile makes the commit fail.
    const parent = await deps.records.get(view, init.parent)
    if (parent === undefined || parent.state !== 'live') throw tokenErrors.PARENT_GONE()
  }
  return init.type === 'batch' ? createBatch(init, deps, options) : createService(view, init, deps, options)
}

async function createService(
  view: WriteView,
  init: TokenInit,
  deps: CreateDeps,
  options: CreateOptions,
): Promise<MadeToken> {
  const suffix = init.namespaceId === 'root' ? '' : `.${init.namespaceId}`
  const token = options.value ?? (init.id === undefined ? `hvs.${base62(TOKEN_LENGTH)}${suffix}` : checkedId(init.id))
  if (init.id !== undefined && homeNameOf(init.namespaceId) !== '') throw tokenErrors.ID_IN_SEALABLE()
  const key = keyOf(token, deps)
  if (init.id !== undefined && (await deps.records.get(view, key)) !== undefined) throw tokenErrors.DUPLICATE_ID()
  const accessor = `${base62(ACCESSOR_LENGTH)}${suffix}`
  await deps.records.add(view, entryOf(init, { key, accessor, now: deps.clock.now(), options }))
  return { token, accessor, key }
}

async function createBatch(init: TokenInit, deps: CreateDeps, options: CreateOptions): Promise<MadeToken> {
  // Whole seconds, as the times of batch tokens are in Vault.
  const now = Math.floor(deps.clock.now() / 1000) * 1000
  const made = entryOf(init, { key: '', accessor: '', now, options })
  await deps.records.check(made)
  const token = sealBatchToken({ ...made, renewable: false }, deps.sealer)
  return { token, accessor: '', key: keyOf(token, deps) }
}

function entryOf(
  init: TokenInit,
  own: { key: string; accessor: string; now: number; options: CreateOptions },
): TokenEntry {
  const { id: _, parent, ...rest } = init
  return {
    ...rest,
    key: own.key,
    accessor: own.accessor,
    parent: parent ?? '',
    createdAt: own.now,
    issuedAt: own.now,
    expiresAt: init.ttl > 0 ? own.now + init.ttl * 1000 : undefined,
    dueAt: undefined,
    renewedAt: undefined,
    leaseTtl: init.ttl,
    leased: own.options.leased !== false,
    state: 'live',
    login: own.options.login,
  }
}

function keyOf(token: string, deps: CreateDeps): string {
  const key = deps.hasher.keyOf(token)
  if (key === undefined) throw tokenErrors.ID_INVALID()
  return key
}

function checkedId(id: string): string {
  for (const prefix of ['hvs.', 's.']) if (id.startsWith(prefix)) throw tokenErrors.ID_PREFIX({ prefix })
  if (id.includes('.')) throw tokenErrors.ID_DOT()
  if (!/^[!-~]{1,4096}$/.test(id)) throw tokenErrors.ID_INVALID()
  return id
}
