/** The entries that exist outside the barrier, since opening it needs them. */

/** The seal's type and, of one that its operators open, the number of shares and the threshold; in clear. */
export const SEAL_CONFIG_KEY = 'core/seal-config'
/** The root key, encrypted by the seal. */
export const ROOT_KEY_KEY = 'core/root-key'
/** The keyring, encrypted by the root key. */
export const KEYRING_KEY = 'core/keyring'

/** The number of recovery shares and their threshold, in clear; of a seal that opens by itself. */
export const RECOVERY_CONFIG_KEY = 'core/recovery-config'
/** The recovery key, encrypted by such a seal; absent where there are no recovery shares. */
export const RECOVERY_KEY_KEY = 'core/recovery-key'

/** From each root key to the one that took its place, for a short while: servers that follow another go over to it by these. */
export const ROOT_KEY_LINKS_KEY = 'core/root-key-links'

/** The newest shares of the unseal key and of the recovery key, encrypted to PGP keys, where their holders wanted them kept. */
export const UNSEAL_BACKUP_KEY = 'core/unseal-keys-backup'
export const RECOVERY_BACKUP_KEY = 'core/recovery-keys-backup'

/** Never there: a commit that removes it shows what has become of one whose answer was lost. */
export const SETTLING_KEY = 'core/settling'

/** Without any of these there is no vault; the recovery key's are there with some seals alone. */
export const VAULT_ESSENTIALS: ReadonlySet<string> = new Set([SEAL_CONFIG_KEY, ROOT_KEY_KEY, KEYRING_KEY])

/** These protect themselves or are public by nature: the barrier passes them through, and no API may reach them. */
export const OUTSIDE_BARRIER: ReadonlySet<string> = new Set([
  SEAL_CONFIG_KEY,
  ROOT_KEY_KEY,
  KEYRING_KEY,
  RECOVERY_CONFIG_KEY,
  RECOVERY_KEY_KEY,
  ROOT_KEY_LINKS_KEY,
  UNSEAL_BACKUP_KEY,
  RECOVERY_BACKUP_KEY,
])
