import { defineErrors, type CallContext } from '#framework'
import type { Drawer } from './store.ts'

export const cubbyholeErrors = defineErrors('CUBBYHOLE', {
  NO_PATH: { status: 400, message: 'missing path' },
  NO_DATA: { status: 400, message: 'missing data fields' },
  TOKEN_TYPE: { status: 400, message: 'cubbyhole operations are only supported by "service" type tokens' },
})

/** What is the token's that asks. Batch tokens leave no trace in the storage, so nothing would remove their cubbyhole. */
export function drawerOf({ caller, request }: Pick<CallContext, 'caller' | 'request'>): Drawer {
  if (caller?.type !== 'service') throw cubbyholeErrors.TOKEN_TYPE()
  const { id } = request.namespace
  return { accessor: caller.accessor, namespace: caller.namespaceId === id ? undefined : id }
}
