/** What `operator init` shows. */
import { wrap } from '../../output/wrap.ts'
import type { Ui } from '../../output/ui.ts'
import { member, plainText, stringsOf, tree } from '../../tree.ts'
import type { JsonTree } from '../../tree.ts'

export interface InitRequest {
  readonly secret_shares: number
  readonly secret_threshold: number
  readonly pgp_keys: readonly string[]
  readonly recovery_shares: number
  readonly recovery_threshold: number
  readonly recovery_pgp_keys: readonly string[]
  readonly root_token_pgp_key: string
}

export function printKeys(ui: Ui, request: InitRequest, answer: JsonTree): void {
  const unseal = keysOf(answer, 'keys')
  const recovery = keysOf(answer, 'recovery_keys')
  unseal.forEach((key, i) => ui.print(`Unseal Key ${i + 1}: ${key}`))
  recovery.forEach((key, i) => ui.print(`Recovery Key ${i + 1}: ${key}`))
  ui.print(`\nInitial Root Token: ${plainText(member(answer, 'root_token'))}`)
  for (const paragraph of unseal.length > 0 ? unsealAdvice(request) : ['Success! Coffer is initialized'])
    ui.print(`\n${wrap(paragraph)}`)
  if (recovery.length > 0) ui.print(`\n${wrap(recoveryAdvice(request))}`)
}

/** In base64 if the server gave that, else in hexadecimal. */
function keysOf(answer: JsonTree, name: string): readonly string[] {
  const hex = stringsOf(member(answer, name)) ?? []
  const base64 = stringsOf(member(answer, `${name}_base64`)) ?? []
  return base64.length === hex.length ? base64 : hex
}

function unsealAdvice({ secret_shares: shares, secret_threshold: threshold }: InitRequest): readonly string[] {
  return [
    `Coffer initialized with ${shares} key shares and a key threshold of ${threshold}. Please securely distribute the key shares ` +
      'printed above. When Coffer is re-sealed, restarted, or stopped, you must supply at least ' +
      `${threshold} of these keys to unseal it before it can start servicing requests.`,
    `Coffer does not store the generated root key. Without at least ${threshold} keys to reconstruct the root key, Coffer will ` +
      'remain permanently sealed!',
  ]
}

function recoveryAdvice({ recovery_shares: shares, recovery_threshold: threshold }: InitRequest): string {
  return (
    `Recovery key initialized with ${shares} key shares and a key threshold of ${threshold}. Please securely distribute the key ` +
    'shares printed above.'
  )
}

/** For programs, in Vault's form. */
export function machineForm(request: InitRequest, answer: JsonTree): JsonTree {
  const list = (name: string): readonly string[] => stringsOf(member(answer, name)) ?? []
  const keys = list('keys')
  return tree({
    unseal_keys_b64: list('keys_base64'),
    unseal_keys_hex: keys,
    // With auto-unseal the server keeps the key, as one share.
    unseal_shares: keys.length === 0 ? 1 : request.secret_shares,
    unseal_threshold: keys.length === 0 ? 1 : request.secret_threshold,
    recovery_keys_b64: list('recovery_keys_base64'),
    recovery_keys_hex: list('recovery_keys'),
    recovery_keys_shares: request.recovery_shares,
    recovery_keys_threshold: request.recovery_threshold,
    root_token: plainText(member(answer, 'root_token')),
  })
}
