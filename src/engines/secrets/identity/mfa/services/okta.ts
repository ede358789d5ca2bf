/** Okta's Factors API. Source: https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserFactor/ */
import type { RawJson } from '#framework'
import { oktaOrigin } from '../methods/okta.ts'
import { MET, refused, type Outcome } from '../outcome.ts'
import type { OktaSettings } from '../store.ts'
import { pause, type Question, type ServiceDeps } from './ask.ts'
import { callService, listOf, objectOf, ServiceError, textAt } from './web.ts'

/** Those who may log in; the others are locked, suspended, or not there yet or any more. */
const USABLE = new Set(['ACTIVE', 'PROVISIONED', 'RECOVERY', 'PASSWORD_EXPIRED'])

export async function askOkta(settings: OktaSettings, question: Question, deps: ServiceDeps): Promise<Outcome> {
  const origin = oktaOrigin(settings)
  const call = async (method: 'GET' | 'POST', url: string, body?: object): Promise<RawJson> => {
    const { status, text } = await callService(deps.web, {
      method,
      url,
      headers: { Authorization: `SSWS ${settings.api_token}`, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: question.signal,
    })
    // A wrong passcode is a 403 with a JSON body, as is a token of ours that is no good; neither lets anybody in.
    if (status === 403) return REFUSED_ANSWER
    if (status !== 200) throw new ServiceError('it did not take the request')
    return objectOf(text)
  }
  const { username, passcode } = question
  // The name stands between quotation marks: one that had some could ask for somebody else.
  if (/["\\]/.test(username)) return refused('the user name cannot be looked up')
  const field = settings.primary_email ? 'profile.email' : 'profile.login'
  const filter = encodeURIComponent(`${field} eq "${username}"`)
  const users = listOf(await call('GET', `${origin}/api/v1/users?filter=${filter}`))
  const [user] = users
  if (user === undefined) return refused('no users found for e-mail address')
  if (users.length > 1) return refused('more than one user found for e-mail address')
  if (!USABLE.has(textAt(user, 'status'))) return refused('the user cannot log in')
  const factorsUrl = `${origin}/api/v1/users/${encodeURIComponent(textAt(user, 'id'))}/factors`
  const factors = listOf(await call('GET', factorsUrl))
  if (factors.length === 0) return refused('no MFA factors found for user')
  const wanted = passcode === undefined ? 'push' : 'token:software:totp'
  const factor = factors.find((one) => textAt(one, 'factorType') === wanted && textAt(one, 'status') !== 'INACTIVE')
  if (factor === undefined)
    return refused(`no ${passcode === undefined ? 'push' : 'TOTP'}-type MFA factor found for user`)
  const verifyUrl = `${factorsUrl}/${encodeURIComponent(textAt(factor, 'id'))}/verify`
  const begun = await call('POST', verifyUrl, passcode === undefined ? {} : { passCode: passcode })
  if (passcode !== undefined) {
    return textAt(begun, 'factorResult') === 'SUCCESS' ? MET : refused('MFA credentials not supplied or incorrect')
  }
  if (textAt(begun, 'factorResult') !== 'WAITING') return refused('the push was not sent')
  const poll = URL.parse(textAt(begun, '_links', 'poll', 'href'))
  // The token goes to nobody else.
  if (poll === null || poll.origin !== new URL(origin).origin)
    throw new ServiceError('it gave no address of its own to ask at')
  for (;;) {
    const result = textAt(await call('GET', poll.href), 'factorResult')
    if (result === 'SUCCESS') return MET
    if (result === 'REJECTED') return refused('push verification explicitly rejected')
    if (result === 'TIMEOUT') return refused('push verification timed out')
    if (result !== 'WAITING') return refused('unknown status code')
    await pause(deps.clock, question.signal)
  }
}

const REFUSED_ANSWER = objectOf('{"factorResult":"REJECTED"}')
