/** A time as Vault puts it in the place of `{{expiration}}`. */
export function expirationOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}+0000`
}
