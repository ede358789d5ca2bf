/** Duo's Auth API. Source: https://duo.com/docs/authapi */
import { createHmac } from 'node:crypto'
import type { RawJson } from '#framework'
import { MET, refused, type Outcome } from '../outcome.ts'
import type { DuoSettings } from '../store.ts'
import { pause, type Question, type ServiceDeps } from './ask.ts'
import { at, callService, objectOf, ServiceError, textAt } from './web.ts'

type Parameters = Readonly<Record<string, string>>

export async function askDuo(settings: DuoSettings, question: Question, deps: ServiceDeps): Promise<Outcome> {
  const call = (method: 'GET' | 'POST', path: string, parameters: Parameters) =>
    signedCall(settings, deps, question.signal, method, path, parameters)
  const from: Parameters = question.remoteAddress === '' ? {} : { ipaddr: question.remoteAddress }
  const { username, passcode } = question
  await call('GET', '/auth/v2/check', {})
  const preauth = await call('POST', '/auth/v2/preauth', { username, ...from })
  const verdict = textAt(preauth, 'result')
  if (verdict === 'allow') return MET
  if (verdict === 'deny' || verdict === 'enroll') return refused(textAt(preauth, 'status_msg') || 'Duo refuses')
  if (verdict !== 'auth') throw new ServiceError('it answered a result that is none')
  const factor: Parameters =
    passcode === undefined
      ? { factor: 'push', device: 'auto', ...(settings.push_info === '' ? {} : { pushinfo: settings.push_info }) }
      : { factor: 'passcode', passcode }
  const begun = await call('POST', '/auth/v2/auth', { username, async: '1', ...from, ...factor })
  const txid = textAt(begun, 'txid')
  if (txid === '') throw new ServiceError('it gave no transaction')
  for (;;) {
    // It answers once something has happened, or after a while.
    const status = await call('GET', '/auth/v2/auth_status', { txid })
    const result = textAt(status, 'result')
    if (result === 'allow') return MET
    if (result !== 'waiting') return refused(`duo authentication failed: "${textAt(status, 'status_msg')}"`)
    await pause(deps.clock, question.signal)
  }
}

/** The member `response` of the answer. */
async function signedCall(
  settings: DuoSettings,
  { web, clock }: ServiceDeps,
  signal: AbortSignal,
  method: 'GET' | 'POST',
  path: string,
  parameters: Parameters,
): Promise<RawJson> {
  const { api_hostname: host, integration_key: integration, secret_key: secret } = settings
  const encoded = encode(parameters)
  const date = new Date(clock.now()).toUTCString().replace(/GMT$/, '+0000')
  const signature = signDuo({ date, method, host, path, encoded }, secret)
  const authorization = `Basic ${Buffer.from(`${integration}:${signature}`).toString('base64')}`
  const { text } = await callService(web, {
    method,
    url: `https://${host}${path}${method === 'GET' && encoded !== '' ? `?${encoded}` : ''}`,
    headers: {
      Date: date,
      Authorization: authorization,
      ...(method === 'POST' ? { 'Content-Type': 'application/x-www-form-urlencoded' } : {}),
    },
    ...(method === 'POST' ? { body: encoded } : {}),
    signal,
  })
  const answer = objectOf(text)
  const response = at(answer, 'response')
  if (textAt(answer, 'stat') !== 'OK' || response === undefined) throw new ServiceError('it did not take the request')
  return response
}

export interface DuoRequest {
  readonly date: string
  readonly method: string
  readonly host: string
  readonly path: string
  /** Parameters in the order of their names. */
  readonly encoded: string
}

/** The signature of a request, in hexadecimal. */
export function signDuo({ date, method, host, path, encoded }: DuoRequest, secret: string): string {
  const canonical = [date, method, host.toLowerCase(), path, encoded].join('\n')
  return createHmac('sha512', secret).update(canonical).digest('hex')
}

function encode(parameters: Parameters): string {
  return Object.entries(parameters)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .join('&')
}

/** RFC 3986: what a form leaves unescaped would not be signed as it is sent. */
function escaped(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
