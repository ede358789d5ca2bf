/** Signed lines of a chain. The signature is over all that stands before it in the line. */
import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import type { Format } from '../format.ts'
import type { Link, Point, Reason } from './link.ts'

export interface Checkpoint {
  readonly time: string
  readonly reason: Reason
  /** There is one after at most this many lines. */
  readonly every: number
  /** It was the first line of its file. */
  readonly top: boolean
  /** The line it follows, where a segment begins. */
  readonly after: Point | undefined
  /** The last checkpoint that the storage knows of, where a segment begins. */
  readonly known: Point | undefined
  /** Id of the key. */
  readonly key: string
}

export interface Signer {
  readonly id: string
  readonly privateKey: KeyObject
}

/** With which text the signed bytes begin, so that a signature of these keys means nothing else. */
const CONTEXT = 'coffer audit checkpoint v1\n'

/** The whole line, without its line feed. */
export function writeCheckpoint(checkpoint: Checkpoint, link: string, format: Format, signer: Signer): string {
  const { time, reason, every, top, after, known, key } = checkpoint
  const json = JSON.stringify({ time, type: 'checkpoint', reason, every, ...(top ? { top } : {}), after, known, key })
  const line = format.line(json).slice(0, -1)
  const body = line.slice(0, format.memberAt) + link + line.slice(format.memberAt)
  const open = format.signed(body, 'signature', '')
  const at = open.lastIndexOf(SIGNATURE_ENDS[format.name])
  const signature = sign(null, Buffer.from(CONTEXT + open.slice(0, at)), signer.privateKey).toString('base64')
  return open.slice(0, at) + signature + open.slice(at)
}

const SIGNATURE_ENDS = { json: '"}', jsonx: '</json:string>' } as const

export interface SignedCheckpoint {
  readonly checkpoint: Checkpoint
  readonly signed: string
  readonly signature: string
}

const JSON_CHECKPOINT =
  /^[^{]*(\{"chain":\{[^}]*\},"time":"[^"]*","type":"checkpoint",.*"signature":")([A-Za-z0-9+/=]*)"\}$/s
const XML_CHECKPOINT =
  /<json:string name="type">checkpoint<\/json:string><json:string name="signature">([A-Za-z0-9+/=]*)<\/json:string>$/
/** Longer than any checkpoint: other lines need not be looked at. */
const MAX_CHECKPOINT_BYTES = 4096

/** Undefined of a line that is none. */
export function readCheckpoint(line: Buffer): SignedCheckpoint | undefined {
  if (line.length > MAX_CHECKPOINT_BYTES) return undefined
  const text = line.toString()
  const [, json, inJson] = JSON_CHECKPOINT.exec(text) ?? []
  if (json !== undefined && inJson !== undefined) {
    const checkpoint = fromJson(`${json}"}`)
    const end = text.length - 2 - inJson.length
    return checkpoint === undefined ? undefined : { checkpoint, signed: text.slice(0, end), signature: inJson }
  }
  const [, inXml] = XML_CHECKPOINT.exec(text) ?? []
  if (inXml === undefined) return undefined
  const checkpoint = fromXml(text)
  const end = text.length - SIGNATURE_ENDS.jsonx.length - inXml.length
  return checkpoint === undefined ? undefined : { checkpoint, signed: text.slice(0, end), signature: inXml }
}

export function isAuthentic({ signed, signature: text }: SignedCheckpoint, publicKey: KeyObject): boolean {
  const bytes = Buffer.from(text, 'base64')
  // Another text for the same bytes would be a change that nobody sees.
  const isOnlyText = bytes.toString('base64') === text
  return isOnlyText && verify(null, Buffer.from(CONTEXT + signed), publicKey, bytes)
}

/** PEM, or the base64 of the key's DER or of its 32 bytes alone. Undefined for what is no Ed25519 key. */
export function publicKeyOf(text: string): KeyObject | undefined {
  try {
    const key = text.includes('-----BEGIN') ? createPublicKey(text) : createPublicKey(derOf(text.trim()))
    return key.asymmetricKeyType === 'ed25519' ? key : undefined
  } catch {
    return undefined
  }
}

const RAW_KEY_HEAD = Buffer.from('302a300506032b6570032100', 'hex')

function derOf(base64: string): { readonly key: Buffer; readonly format: 'der'; readonly type: 'spki' } {
  const bytes = Buffer.from(base64, 'base64')
  return { key: bytes.length === 32 ? Buffer.concat([RAW_KEY_HEAD, bytes]) : bytes, format: 'der', type: 'spki' }
}

/** `{…}` of a link, as it stands in a line of either format. */
export function linkJson({ id, n, prev }: Link): string {
  return `{"id":"${id}","n":${n},"prev":"${prev}"}`
}

const REASONS: readonly Reason[] = ['start', 'resumed', 'interval', 'rotate', 'opened', 'close']

function fromJson(text: string): Checkpoint | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const members = new Map<string, unknown>(Object.entries(value))
  return checkpointOf({
    time: members.get('time'),
    reason: members.get('reason'),
    every: members.get('every'),
    top: members.get('top'),
    after: pointOf(members.get('after')),
    known: pointOf(members.get('known')),
    key: members.get('key'),
  })
}

function pointOf(value: unknown): Point | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const members = new Map<string, unknown>(Object.entries(value))
  const [id, n, hash] = [members.get('id'), members.get('n'), members.get('hash')]
  return typeof id === 'string' && typeof n === 'number' && typeof hash === 'string' ? { id, n, hash } : undefined
}

const XML_POINT =
  '<json:string name="hash">([0-9a-f]{64})</json:string><json:string name="id">([\\w-]+)</json:string>' +
  '<json:number name="n">(\\d+)</json:number>'

function fromXml(text: string): Checkpoint | undefined {
  const string = (name: string) => new RegExp(`<json:string name="${name}">([^<]*)</json:string>`).exec(text)?.[1]
  const point = (name: string): Point | undefined => {
    const [, hash, id, n] = new RegExp(`<json:object name="${name}">${XML_POINT}</json:object>`).exec(text) ?? []
    return hash === undefined || id === undefined ? undefined : { id, n: Number(n), hash }
  }
  const every = /<json:number name="every">(\d+)<\/json:number>/.exec(text)?.[1]
  return checkpointOf({
    time: string('time'),
    reason: string('reason'),
    every: Number(every),
    top: text.includes('<json:boolean name="top">true</json:boolean>'),
    after: point('after'),
    known: point('known'),
    key: string('key'),
  })
}

function checkpointOf(parts: Readonly<Record<keyof Checkpoint, unknown>> & Pick<Checkpoint, 'after' | 'known'>) {
  const { time, every, key, after, known } = parts
  const reason = REASONS.find((one) => one === parts.reason)
  return typeof time === 'string' && reason !== undefined && typeof every === 'number' && typeof key === 'string'
    ? { time, reason, every, top: parts.top === true, key, after, known }
    : undefined
}
