/** A request and a reply as the heads of frames. What comes from another node is checked like everything that comes from outside. */
import type { RequestHead } from '../request/handed-over.ts'
import { plainListener, type ListenerTraits, type WireReply } from '../request/wire.ts'
import type { Sequence } from '../storage/driver.ts'

type Headers = ReadonlyMap<string, readonly string[]>

export function encodeRequest(head: RequestHead): unknown {
  const { method, target, headers, remoteAddress, remotePort, tls, peerCertificate, listener, limited } = head
  return {
    method,
    target,
    headers: [...headers],
    remoteAddress,
    remotePort,
    tls,
    chain: peerCertificate?.chain.map((der) => Buffer.from(der).toString('base64')) ?? null,
    listener,
    limited,
  }
}

/** Undefined for what `encodeRequest` did not make. */
export function decodeRequest(value: unknown): RequestHead | undefined {
  const members = membersOf(value)
  const { method, target, remoteAddress, remotePort, tls, headers, chain, listener, limited } =
    Object.fromEntries(members)
  if (typeof method !== 'string' || typeof target !== 'string' || typeof remoteAddress !== 'string') return undefined
  if (typeof remotePort !== 'number' || typeof tls !== 'boolean') return undefined
  const read = headersOf(headers)
  if (read === undefined) return undefined
  const certificates = listOf(chain)?.filter((one) => typeof one === 'string')
  return {
    method,
    target,
    headers: read,
    remoteAddress,
    remotePort,
    tls,
    peerCertificate:
      certificates === undefined || certificates.length === 0
        ? undefined
        : { chain: certificates.map((text) => Buffer.from(text, 'base64')) },
    listener: traitsOf(listener),
    limited: limited === true,
  }
}

export interface ReplyHead {
  readonly status: number
  readonly headers: WireReply['headers']
  /** The newest commit when the reply was made: whoever reads from here on must see it. */
  readonly sequence: Sequence
}

export function encodeReply(reply: WireReply, sequence: Sequence): unknown {
  return { status: reply.status, headers: reply.headers, hasBody: reply.body !== undefined, sequence }
}

/** Undefined for what `encodeReply` did not make. */
export function decodeReply(value: unknown): (ReplyHead & { readonly hasBody: boolean }) | undefined {
  const { status, headers, hasBody, sequence } = Object.fromEntries(membersOf(value))
  if (typeof status !== 'number' || typeof hasBody !== 'boolean' || typeof sequence !== 'number') return undefined
  const pairs: (readonly [string, string])[] = []
  for (const pair of listOf(headers) ?? []) {
    const [name, text] = listOf(pair) ?? []
    if (typeof name !== 'string' || typeof text !== 'string') return undefined
    pairs.push([name, text])
  }
  return { status, headers: pairs, hasBody, sequence }
}

function headersOf(value: unknown): Headers | undefined {
  const headers = new Map<string, readonly string[]>()
  for (const pair of listOf(value) ?? []) {
    const [name, values] = listOf(pair) ?? []
    const texts = listOf(values)?.filter((one) => typeof one === 'string')
    if (typeof name !== 'string' || texts === undefined) return undefined
    headers.set(name, texts)
  }
  return headers
}

/** A listener of another version may have fewer traits; those it has not are as usual. */
function traitsOf(value: unknown): ListenerTraits {
  const given = new Map(membersOf(value))
  const flag = (name: keyof ListenerTraits): boolean => given.get(name) === true
  const name = given.get('name')
  const limits = new Map(membersOf(given.get('jsonLimits')))
  const limit = (which: keyof ListenerTraits['jsonLimits']): number => {
    const number = limits.get(which)
    // JSON has no word for a limit that is none.
    return typeof number === 'number' ? number : number === null ? Infinity : plainListener.jsonLimits[which]
  }
  return {
    name: typeof name === 'string' ? name : '',
    jsonLimits: {
      maxDepth: limit('maxDepth'),
      maxStrings: limit('maxStrings'),
      maxStringBytes: limit('maxStringBytes'),
      maxMembers: limit('maxMembers'),
      maxMemory: limit('maxMemory'),
    },
    requireRequestHeader: flag('requireRequestHeader'),
    unauthenticatedMetricsAccess: flag('unauthenticatedMetricsAccess'),
    disallowMetrics: flag('disallowMetrics'),
    metricsOnly: flag('metricsOnly'),
    unauthenticatedInFlightAccess: flag('unauthenticatedInFlightAccess'),
    unauthenticatedRekey: flag('unauthenticatedRekey'),
    unauthenticatedGenerateRoot: flag('unauthenticatedGenerateRoot'),
    redactClusterName: flag('redactClusterName'),
    redactVersion: flag('redactVersion'),
  }
}

function membersOf(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : []
}

function listOf(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined
}
