/** The rules of plain secrets. Source: https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v1 */
import { defineErrors, f, type RawJson } from '#framework'

export const kvV1Errors = defineErrors('KV_V1', {
  NO_PATH: { status: 400, message: 'missing path' },
  NO_DATA: { status: 400, message: 'missing data fields' },
  UPGRADED: {
    status: 400,
    message: 'the mount has just become one of version 2; send the request as for that version',
  },
  DOWNGRADE: { status: 400, message: 'cannot downgrade mount from version 2' },
})

const duration = f.signedDuration()

/**
 * Seconds after which a reader should read again, from the secret's own `ttl`, else its `lease`. Undefined where it names none or
 * not a duration: the mount's default holds then.
 */
export function leaseDurationOf(secret: ReadonlyMap<string, RawJson>): number | undefined {
  const wish = secret.get('ttl') ?? secret.get('lease')
  if (wish === undefined) return undefined
  return wish.kind === 'null' ? 0 : duration.tryParse(wish)
}
