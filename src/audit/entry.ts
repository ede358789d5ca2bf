/**
 * Builds the text of a device's entries. The hot path of every request: parts that repeat are written once and kept.
 */
import type { Clock } from '../lib/clock.ts'
import type { AuditEvent } from '../request/ports.ts'
import type { Request } from '../request/request.ts'
import { AuthPart } from './auth-part.ts'
import type { HeaderRules } from './headers.ts'
import { stringMember } from './json-members.ts'
import { MountPart, type MountText } from './mount-part.ts'
import type { Redactor } from './redactor.ts'
import { writeRequest, type RequestParts } from './request-part.ts'
import { writeResponse } from './response-part.ts'

export type EntryType = 'request' | 'response'

export interface EntryOptions {
  readonly redactor: Redactor
  readonly elideListResponses: boolean
  readonly headers: HeaderRules
  readonly clock: Clock
  readonly builtinVersion: string
}

/** Requests whose response is awaited; past that many all are forgotten, and their text is built again. */
const maxUnderWay = 4096

interface UnderWay {
  readonly event: AuditEvent
  /** `"auth":…,"request":…` */
  readonly text: string
}

export class EntryBuilder {
  readonly #parts: RequestParts
  readonly #mounts: MountPart
  readonly #clock: Clock
  readonly #elide: boolean
  readonly #underWay = new Map<Request, UnderWay>()
  #second = -1
  /** `2026-01-01T00:00:00` of that second. */
  #secondText = ''

  constructor(options: EntryOptions) {
    this.#parts = { redactor: options.redactor, auth: new AuthPart(options.redactor), headers: options.headers }
    this.#mounts = new MountPart(options.builtinVersion)
    this.#clock = options.clock
    this.#elide = options.elideListResponses
  }

  /** How many requests have their first entry and not yet their second. */
  get underWay(): number {
    return this.#underWay.size
  }

  /** JSON text of the entry. */
  build(type: EntryType, event: AuditEvent): string {
    const mount = this.#mounts.of(event.mount, event.request.namespace.path)
    const error = event.error === undefined ? '' : stringMember('error', event.error)
    if (type === 'request') return `{"time":"${this.#time()}","type":"request",${this.#first(event, mount)}${error}}`
    const response = writeResponse(event, mount, this.#parts.redactor, this.#elide)
    return `{"time":"${this.#time()}","type":"response",${this.#again(event, mount)},"response":${response}${error}}`
  }

  #first(event: AuditEvent, mount: MountText): string {
    const text = this.#write(event, mount)
    if (this.#underWay.size >= maxUnderWay) this.#underWay.clear()
    this.#underWay.set(event.request, { event, text })
    return text
  }

  #again(event: AuditEvent, mount: MountText): string {
    const before = this.#underWay.get(event.request)
    if (before === undefined) return this.#write(event, mount)
    this.#underWay.delete(event.request)
    return saysTheSame(before.event, event) ? before.text : this.#write(event, mount)
  }

  #write(event: AuditEvent, mount: MountText): string {
    return `"auth":${this.#parts.auth.write(event)},"request":${writeRequest(event, mount, this.#parts)}`
  }

  /** RFC 3339, UTC. */
  #time(): string {
    const now = this.#clock.now()
    const second = Math.floor(now / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#secondText = new Date(second * 1000).toISOString().slice(0, 19)
    }
    return `${this.#secondText}.${String(now - second * 1000).padStart(3, '0')}Z`
  }
}

/** A request without a caller says in `auth` how it went. */
function saysTheSame(a: AuditEvent, b: AuditEvent): boolean {
  return (
    a.caller !== undefined &&
    a.caller === b.caller &&
    a.verdict === b.verdict &&
    a.operation === b.operation &&
    a.mount === b.mount &&
    a.sensitive === b.sensitive
  )
}
