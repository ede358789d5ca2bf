/** The three entries that exist outside the barrier, since opening it needs them. */

/** The number of shares and the threshold, in clear. */
export const SEAL_CONFIG_KEY = 'core/seal-config'
/** The root key, encrypted by the seal. */
export const ROOT_KEY_KEY = 'core/root-key'
/** The keyring, encrypted by the root key. */
export const KEYRING_KEY = 'core/keyring'

/** These protect themselves or are public by nature: the barrier passes them through, and no API may reach them. */
export const OUTSIDE_BARRIER: ReadonlySet<string> = new Set([SEAL_CONFIG_KEY, ROOT_KEY_KEY, KEYRING_KEY])
