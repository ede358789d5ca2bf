/** Second factors of single requests, where a policy demands them: all that its rule names, from the entity that asks. */
import { requestErrors } from '../../../../../errors/request.ts'
import type { StepUpAttempt, StepUpPort } from '../../../../../request/mfa-ports.ts'
import { entityOrHeir } from '../../entities.ts'
import { holderOf } from '../../holders.ts'
import { askMethod, type AskDeps } from '../ask-method.ts'
import { stepUpMethod, type StepUpMethod } from './store.ts'
import { aliasNameOf } from './username.ts'

export class StepUp implements StepUpPort {
  readonly #deps: AskDeps

  constructor(deps: AskDeps) {
    this.#deps = deps
  }

  async meet(attempt: StepUpAttempt): Promise<void> {
    const { store, prefix, clock, log } = this.#deps
    const { found, holder } = await store.read(async (whole) => {
      const view = whole.sub(prefix)
      const methods: (StepUpMethod | undefined)[] = []
      for (const name of attempt.methods) methods.push(await stepUpMethod(view, name))
      return { found: methods, holder: await holderOf(await entityOrHeir(view, attempt.entityId), view) }
    })
    // All of them before any is asked: what is good once is not used up for a request that cannot succeed.
    const asked = found.map((method, i) => {
      const credentials = method && (attempt.shown.get(method.name) ?? attempt.shown.get(method.id))
      if (method === undefined)
        log.warn('a policy names an MFA method that is not there', { method: attempt.methods[i] })
      if (method === undefined || credentials === undefined) throw requestErrors.PERMISSION_DENIED()
      return { method, credentials }
    })
    if (holder === undefined) throw requestErrors.PERMISSION_DENIED()
    const { facts } = holder
    const { remoteAddress, signal } = attempt
    const entityId = facts.entity?.id ?? attempt.entityId
    for (const { method, credentials } of asked) {
      const username = { name: aliasNameOf(method, facts, clock.now()) }
      const asking = { method, credentials, facts, entityId, username, remoteAddress, signal }
      const outcome = await askMethod(asking, this.#deps)
      // Which of them was not good is told to the log: the client is one who has not shown who he is.
      if (outcome.met) continue
      log.info('a second factor that a policy demands was not shown', { method: method.name, reason: outcome.reason })
      throw requestErrors.PERMISSION_DENIED()
    }
  }
}
