import { defineErrors, type CallContext } from '#framework'

export const cubbyholeErrors = defineErrors('CUBBYHOLE', {
  NO_PATH: { status: 400, message: 'missing path' },
  NO_DATA: { status: 400, message: 'missing data fields' },
  TOKEN_TYPE: { status: 400, message: 'cubbyhole operations are only supported by "service" type tokens' },
})

/** The accessor of the token that asks. Batch tokens leave no trace in the storage, so nothing would remove their cubbyhole. */
export function holderOf(c: Pick<CallContext, 'caller'>): string {
  if (c.caller?.type !== 'service') throw cubbyholeErrors.TOKEN_TYPE()
  return c.caller.accessor
}
