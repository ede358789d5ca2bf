/**
 * LIST and SCAN over HTTP/1.1. Node's parser has a fixed table of methods and these two are not in it.
 *
 * The parser itself finds where a message starts. Where it stops at a method that begins there and reads `LIST ` or `SCAN `, it is
 * started again on the same bytes with `LINK` (which it knows) in the verb's place, and the next request of that connection
 * is the translated one. Nothing else is rewritten: a body that holds "LIST /" is behind the parser's own idea of its length.
 *
 * A method cut in two by packets needs the bytes before, which the parser has dropped by then. So what a packet
 * leaves of an unfinished head is remembered (`tail`); that is looked at only when a packet ends inside a head.
 * Where the verb's start is in doubt the connection ends with 400.
 *
 * It uses undocumented parts of node:_http_server (`socket.parser`); `attach` says where they are not as expected.
 */
import { AsyncResource } from 'node:async_hooks'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'

export type ExtraVerb = 'LIST' | 'SCAN'

/** Same length as the verbs it stands for. */
const standIn = Buffer.from('LINK')
interface Word {
  readonly verb: ExtraVerb
  /** Where the parser stops: no method that begins so goes on with this character. */
  readonly stopsAt: number
  /** What may stand before and be part of one method with it: "UN", since the parser takes UNLI for the start of UNLINK. */
  readonly doubtful: readonly string[]
}

/** Enough for a verb and what may stand before it. */
const tailLength = 16

/** Known to the parser, though not to HTTP. */
const otherMethods = 'DESCRIBE ANNOUNCE SETUP PLAY PAUSE TEARDOWN GET_PARAMETER SET_PARAMETER REDIRECT RECORD FLUSH PRI'

function word(verb: ExtraVerb, stopsAt: number): Word {
  const known = verb.slice(0, stopsAt)
  const doubtful = [...process.getBuiltinModule('node:http').METHODS, ...otherMethods.split(' ')].flatMap((method) => {
    const at = method.indexOf(known, 1)
    return at > 0 && method[at + stopsAt] !== verb[stopsAt] ? [method.slice(0, at)] : []
  })
  return { verb, stopsAt, doubtful }
}

const words: readonly Word[] = [word('LIST', 2), word('SCAN', 1)]

type Callback = (argument?: number | Error) => void

interface Parser {
  execute(bytes: Buffer): number | Error
  initialize(type: number, resource: AsyncResource, maxHeaderSize: number, lenient: number, connections: unknown): void
  remove(): void
  getCurrentBuffer(): Buffer
  readonly incoming: { readonly upgrade?: boolean } | null
  [callback: number]: Callback | undefined
}

interface Numbers {
  readonly REQUEST: number
  readonly kOnMessageBegin: number
  readonly kOnExecute: number
}

export interface ParserError extends Error {
  readonly code?: string
  /** The packet the parser stopped in, and where. */
  readonly rawPacket?: Buffer
  readonly bytesParsed?: number
}

interface Found {
  readonly verb: ExtraVerb
  /** From the verb on. */
  readonly bytes: Buffer
}

/** What is known of a connection's message heads. */
export class MessageHead {
  readonly parser: Parser
  readonly numbers: Numbers
  /** Node's own callback after each packet. */
  readonly executed: Callback
  /** A message has begun and its headers are not complete. */
  open = false
  /** The stream's last bytes where a packet ended inside a head; else empty. */
  tail = ''
  /** `tail` is the verb so far, and the parser, which has failed for good, says so at each packet. */
  waiting = false
  /** What the next request's LINK stands for. */
  verb: ExtraVerb | undefined = undefined

  constructor(parser: Parser, numbers: Numbers, executed: Callback) {
    this.parser = parser
    this.numbers = numbers
    this.executed = executed
  }

  /** What the method of a request that has just arrived really is; to be called for each. */
  methodOf(method: string): string {
    this.open = false
    const { verb } = this
    if (verb === undefined) return method
    this.verb = undefined
    return verb
  }

  remember(packet: Buffer): void {
    this.tail = this.open
      ? (this.tail + packet.toString('latin1', Math.max(packet.length - tailLength, 0))).slice(-tailLength)
      : ''
  }
}

export class ExtraVerbs {
  readonly #maxHeaderSize: number
  readonly #server: Server
  readonly #refuse: (error: ParserError, socket: Socket) => void
  /** Node's list of what its time limits apply to; there once the server listens. */
  #connections: unknown

  /** `refuse` ends a connection whose bytes, after a verb of these, are not HTTP. */
  constructor(server: Server, maxHeaderSize: number, refuse: (error: ParserError, socket: Socket) => void) {
    this.#maxHeaderSize = maxHeaderSize
    this.#refuse = refuse
    this.#server = server
  }

  /** To be called once for each connection, after Node has given it a parser. `undefined` where that is not as expected. */
  attach(socket: Socket): MessageHead | undefined {
    const parser: unknown = Reflect.get(socket, 'parser')
    this.#connections ??= connectionsOf(this.#server)
    if (!isParser(parser) || this.#connections === undefined) return undefined
    const numbers: unknown = parser.constructor
    if (!areNumbers(numbers)) return undefined
    const executed = parser[numbers.kOnExecute]
    if (executed === undefined) return undefined
    const head = new MessageHead(parser, numbers, executed)
    parser[numbers.kOnMessageBegin] = () => {
      head.open = true
    }
    parser[numbers.kOnExecute] = (result) => {
      executed(result)
      if (typeof result !== 'number') return
      if (head.open) head.remember(parser.getCurrentBuffer())
      else if (head.tail !== '') head.tail = ''
    }
    return head
  }

  /** For `clientError`. True if the parser had stopped at one of the verbs: the connection is taken care of. */
  recover(error: ParserError, socket: Socket, head: MessageHead | undefined): boolean {
    if (head === undefined || error.rawPacket === undefined) return false
    let failure = error
    let found = locate(head, failure, error.rawPacket)
    if (found === undefined) return false
    while (found !== undefined && found !== 'partial' && !socket.destroyed) {
      const result = this.#restart(head, found)
      if (typeof result === 'number') {
        finish(head, socket, result, found.bytes)
        return true
      }
      // Further on in the same packet: a pipelined LIST, or no HTTP.
      failure = result
      found = locate(head, failure, found.bytes)
    }
    if (found === undefined) this.#refuse(failure, socket)
    return true
  }

  #restart(head: MessageHead, found: Found): number | Error {
    const { parser, numbers } = head
    head.open = false
    head.waiting = false
    head.tail = ''
    head.verb = found.verb
    standIn.copy(found.bytes)
    // Out of the server's list first: it is sorted by a time that `initialize` sets.
    parser.remove()
    const resource = new AsyncResource('HTTPINCOMINGMESSAGE')
    parser.initialize(numbers.REQUEST, resource, this.#maxHeaderSize, 0, this.#connections)
    return parser.execute(found.bytes)
  }
}

function finish(head: MessageHead, socket: Socket, parsed: number, bytes: Buffer): void {
  if (head.parser.incoming?.upgrade === true) {
    // CONNECT, pipelined: Node would look for its bytes in a buffer that is gone.
    socket.destroy()
    return
  }
  head.executed(parsed)
  head.remember(bytes)
}

/** The verb the parser stopped in. `partial`: the packet ends inside the word, and all of it so far fits. */
function locate(head: MessageHead, error: ParserError, packet: Buffer): Found | 'partial' | undefined {
  if (error.code !== 'HPE_INVALID_METHOD') return undefined
  const bytes = head.tail === '' ? packet : Buffer.concat([Buffer.from(head.tail, 'latin1'), packet])
  for (const { verb, stopsAt, doubtful } of words) {
    const start = head.waiting ? 0 : head.tail.length + (error.bytesParsed ?? 0) - stopsAt
    if (start < 0) continue
    // The end of a body, or the start of a longer word: nobody can tell.
    const before = bytes.toString('latin1', Math.max(start - tailLength, 0), start)
    if (doubtful.some((prefix) => before.endsWith(prefix))) continue
    const found = bytes.toString('latin1', start, start + verb.length + 1)
    if (found === `${verb} `) return { verb, bytes: bytes.subarray(start) }
    if (`${verb} `.startsWith(found) && found.length > stopsAt) {
      head.tail = found
      head.waiting = true
      return 'partial'
    }
  }
  return undefined
}

function connectionsOf(server: Server): unknown {
  const symbol = Object.getOwnPropertySymbols(server).find((one) => one.description === 'http.server.connections')
  return symbol === undefined ? undefined : Reflect.get(server, symbol)
}

function isParser(value: unknown): value is Parser {
  if (typeof value !== 'object' || value === null) return false
  const methods = ['execute', 'initialize', 'remove', 'getCurrentBuffer']
  return methods.every((name) => typeof Reflect.get(value, name) === 'function')
}

function areNumbers(value: unknown): value is Numbers {
  if (typeof value !== 'function') return false
  const names = ['REQUEST', 'kOnMessageBegin', 'kOnExecute']
  return names.every((name) => typeof Reflect.get(value, name) === 'number')
}
