/** A log-in that has to show a second factor, ended on the spot where there is one factor and somebody to ask. */
import type { Client } from '../../client/client.ts'
import type { Secret } from '../../client/secret.ts'
import { booleanOf, entriesOf, itemsOf, member, plainText, type JsonTree } from '../../tree.ts'

export interface OnlyFactor {
  readonly requestId: string
  readonly methodId: string
  readonly type: string
  readonly usesPasscode: boolean
}

/** Undefined where several are demanded, or one of several is to be chosen: that takes another request. */
export function onlyFactor(auth: JsonTree | undefined): OnlyFactor | undefined {
  const requirement = member(auth, 'mfa_requirement')
  const [constraint, ...more] = [...(entriesOf(member(requirement, 'mfa_constraints')) ?? new Map()).values()]
  const [method, ...others] = itemsOf(member(constraint, 'any')) ?? []
  if (method === undefined || more.length > 0 || others.length > 0) return undefined
  return {
    requestId: plainText(member(requirement, 'mfa_request_id')),
    methodId: plainText(member(method, 'id')),
    type: plainText(member(method, 'type')),
    usesPasscode: booleanOf(member(method, 'uses_passcode')) ?? false,
  }
}

export interface Asking {
  ask(question: string): Promise<string>
  tell(text: string): void
}

/** The log-in with its token. */
export async function showFactor(client: Client, factor: OnlyFactor, asking: Asking): Promise<Secret | undefined> {
  const { requestId, methodId, type, usesPasscode } = factor
  if (!usesPasscode) asking.tell('A push goes to your authenticator now: answer it there.')
  const passcode = usesPasscode
    ? await asking.ask(`Enter the passphrase for methodID "${methodId}" of type "${type}": `)
    : ''
  const payload = new Map([[methodId, passcode === '' ? [] : [passcode]]])
  return client.write('sys/mfa/validate', { mfa_request_id: requestId, mfa_payload: payload })
}
