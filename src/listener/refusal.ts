/** Answers of the listener itself, in Vault's form. */
import type { CofferError } from '../errors/coffer-error.ts'
import { stringify } from '../lib/json/index.ts'
import type { WireReply } from '../request/wire.ts'

const contentType = ['Content-Type', 'application/json'] as const

export function refusalOf(error: CofferError): WireReply {
  return { status: error.status, headers: [contentType], body: errorBody(error.messages) }
}

/** For what must not happen: a handler that fails. Says nothing of why. */
export const internalError: WireReply = { status: 500, headers: [contentType], body: errorBody(['internal error']) }

/** A whole reply as bytes, for a connection whose request Node has no object for. */
export function rawRefusal(status: number, reason: string, message: string): string {
  const body = errorBody([message])
  return (
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
  )
}

function errorBody(messages: readonly string[]): string {
  return `${stringify({ errors: messages })}\n`
}
