/** Response wrapping: a reply is kept for the holder of a token of one use, and the client gets the token in its place. */
import { defineErrors } from '../errors/coffer-error.ts'
import { rfc3339 } from '../lib/rfc3339.ts'
import { homeOfTokenKey } from '../request/namespace-home.ts'
import type { WrapPort } from '../request/ports.ts'
import type { Reply, WrapInfo } from '../request/reply.ts'
import type { MadeToken, WrappingTokens } from '../request/token-ports.ts'
import type { WrappedInfo, WrappingPaths } from '../request/wrapping-ports.ts'
import type { Store } from '../storage/store.ts'
import type { ReadView, WriteView } from '../storage/view.ts'

const wrapErrors = defineErrors('WRAP', {
  FORMAT: {
    status: 400,
    message: 'wrapping tokens in the format "jwt" are not supported; leave X-Vault-Wrap-Format out',
  },
  EMPTY_LIST: { status: 404, message: '' },
})

export interface WrappingDeps {
  readonly store: Store
  readonly time: { now(): number }
  readonly tokens: WrappingTokens
}

const KEPT = 'sys/wrapping/'

/** Where a wrapping token's reply lies: goes with the token, whoever ends it. */
export function wrappingPrefix(tokenKey: string): string {
  return `${homeOfTokenKey(tokenKey)}${KEPT}${tokenKey}/`
}

const responseKey = (tokenKey: string): string => `${wrappingPrefix(tokenKey)}response`
const infoKey = (tokenKey: string): string => `${wrappingPrefix(tokenKey)}info`

interface Origin {
  readonly path: string
  /** Seconds. */
  readonly ttl: number
  readonly accessor: string | undefined
}

export class Wrapping implements WrapPort, WrappingPaths {
  readonly #deps: WrappingDeps

  constructor(deps: WrappingDeps) {
    this.#deps = deps
  }

  async wrap(reply: Reply, context: Parameters<WrapPort['wrap']>[1]): Promise<Reply> {
    const { request, ttl, envelope } = context
    if (request.wrapFormat !== undefined) throw wrapErrors.FORMAT()
    if (request.operation === 'list' && isEmptyList(reply)) throw wrapErrors.EMPTY_LIST()
    const origin: Origin = { path: request.path, ttl, accessor: accessorIn(reply, context.mount.type) }
    const wrapInfo = await this.#deps.store.write((view) =>
      this.#keep(view, request.namespace.id, origin, Buffer.from(envelope)),
    )
    return { wrapInfo, unwrapped: true }
  }

  async lookup(view: ReadView, token: string): Promise<WrappedInfo | undefined> {
    const found = await this.#deps.tokens.findWrapping(view, token)
    const info = found && (await view.get(infoKey(found.key)))
    return info && decodeInfo(info).shown
  }

  async unwrap(view: WriteView, token: string): Promise<string | undefined> {
    const found = await this.#deps.tokens.findWrapping(view, token)
    const kept = found && (await view.get(responseKey(found.key)))
    if (found === undefined || kept === undefined) return undefined
    await this.#deps.tokens.spend(view, found.key)
    return Buffer.from(kept).toString()
  }

  async rewrap(view: WriteView, token: string): Promise<WrapInfo | undefined> {
    const found = await this.#deps.tokens.findWrapping(view, token)
    if (found === undefined) return undefined
    const kept = await view.get(responseKey(found.key))
    const info = await view.get(infoKey(found.key))
    if (kept === undefined || info === undefined) return undefined
    const { shown, accessor } = decodeInfo(info)
    await this.#deps.tokens.spend(view, found.key)
    return this.#keep(view, found.namespaceId, { path: shown.creationPath, ttl: shown.creationTtl, accessor }, kept)
  }

  async #keep(view: WriteView, namespaceId: string, origin: Origin, response: Uint8Array): Promise<WrapInfo> {
    const { path, ttl } = origin
    const made: MadeToken = await this.#deps.tokens.createWrapping(view, { path, ttl, namespaceId })
    const creationTime = rfc3339(this.#deps.time.now())
    view.put(responseKey(made.key), response)
    view.put(infoKey(made.key), Buffer.from(JSON.stringify([path, creationTime, ttl, origin.accessor])))
    return {
      token: made.token,
      accessor: made.accessor,
      ttl,
      creationTime,
      creationPath: path,
      ...(origin.accessor === undefined ? {} : { wrappedAccessor: origin.accessor }),
    }
  }
}

function decodeInfo(bytes: Uint8Array): { readonly shown: WrappedInfo; readonly accessor: string | undefined } {
  // The barrier vouches that this is what `#keep` wrote.
  const [creationPath, creationTime, creationTtl, accessor]: [string, string, number, (string | null)?] = JSON.parse(
    Buffer.from(bytes).toString(),
  )
  return { shown: { creationPath, creationTime, creationTtl }, accessor: accessor ?? undefined }
}

/** The accessor of the token in the reply, or of AppRole's secret id. */
function accessorIn(reply: Reply, mountType: string): string | undefined {
  if (reply.auth !== undefined) return reply.auth.accessor
  const { data } = reply
  if (mountType !== 'approle' || data === undefined || !('secret_id_accessor' in data)) return undefined
  const accessor = data.secret_id_accessor
  return typeof accessor === 'string' ? accessor : undefined
}

/** Nobody should unwrap a token to find that there is nothing. */
function isEmptyList(reply: Reply): boolean {
  const { data } = reply
  if (data === undefined) return true
  return 'keys' in data && Array.isArray(data.keys) && data.keys.length === 0
}
