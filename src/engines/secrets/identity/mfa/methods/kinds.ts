/** Every kind of method: one line each, and no other list. */
import type { MethodType } from '../store.ts'
import { duoKind } from './duo.ts'
import type { MethodKind } from './kind.ts'
import { oktaKind } from './okta.ts'
import { pingIdKind } from './pingid.ts'
import { totpKind } from './totp.ts'

export const methodKinds: Readonly<Record<MethodType, MethodKind>> = {
  totp: totpKind,
  duo: duoKind,
  okta: oktaKind,
  pingid: pingIdKind,
}
