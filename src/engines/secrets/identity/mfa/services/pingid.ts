/** PingID's API for third-party clients. Source: https://developer.pingidentity.com/pingid-api, "authonline" */
import { RawJson } from '#framework'
import { secretsEqual } from '../../../../../lib/secure/equal.ts'
import { MET, refused, type Outcome } from '../outcome.ts'
import type { PingIdSettings } from '../store.ts'
import type { Question, ServiceDeps } from './ask.ts'
import { callService, ServiceError, textAt } from './web.ts'

const API_VERSION = '4.9'
const SUCCESS = '200'

/** Sends a push and waits for its answer, which is one request. */
export async function askPingId(settings: PingIdSettings, question: Question, deps: ServiceDeps): Promise<Outcome> {
  const { idp_url: url, org_alias: organisation, token } = settings
  const now = new Date(deps.clock.now()).toISOString()
  const claims = {
    reqHeader: {
      locale: 'en',
      orgAlias: organisation,
      secretKey: token,
      // As PingID writes it, with two blanks.
      timestamp: `${now.slice(0, 10)}  ${now.slice(11, 23)}`,
      version: API_VERSION,
    },
    reqBody: { spAlias: 'web', userName: question.username, authType: 'CONFIRM' },
  }
  const { text } = await callService(deps.web, {
    method: 'POST',
    url: `${url.replace(/\/$/, '')}/rest/4/authonline/do`,
    headers: { 'Content-Type': 'application/json' },
    body: await sign(settings, claims),
    signal: question.signal,
  })
  const answer = await verified(settings, text.trim())
  if (textAt(answer, 'responseBody', 'errorId') === SUCCESS) return MET
  return refused(textAt(answer, 'responseBody', 'errorMsg') || 'PingID refuses')
}

async function sign(settings: PingIdSettings, claims: object): Promise<string> {
  const { CompactSign } = await import('jose')
  return new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg: 'HS256', org_alias: settings.org_alias, token: settings.token })
    .sign(keyOf(settings))
}

/** The claims of an answer that the service signed for this organisation; whatever else came is none. */
async function verified(settings: PingIdSettings, token: string): Promise<RawJson> {
  const { compactVerify } = await import('jose')
  const opened = await compactVerify(token, keyOf(settings), { algorithms: ['HS256'] }).catch(() => undefined)
  if (opened === undefined) throw new ServiceError('its answer is not signed with the key of the settings')
  const { protectedHeader: header, payload } = opened
  const { token: id } = header
  if (typeof id !== 'string' || !secretsEqual(id, settings.token)) throw new ServiceError('its answer is for another')
  const organisation = header['orgAlias'] ?? header['org_alias']
  if (organisation !== settings.org_alias) throw new ServiceError('its answer is for another')
  return new RawJson(Buffer.from(payload).toString())
}

function keyOf({ use_base64_key: key }: PingIdSettings): Uint8Array {
  return new Uint8Array(Buffer.from(key, 'base64'))
}
