/** The smaller stanzas: storage, seal, audit, user_lockout. */
import { bool, integer, map, optionalText, seconds, text } from '../kinds.ts'

/** `storage "lmdb" { path = "…" }`: the embedded store, on a disk. `storage "file"` is another name for it. */
export const lmdbSchema = {
  path: optionalText('Folder of the data. It is made if it is not there, for this user alone.'),
}

/** `storage "inmem" {}`: gone when the process ends. */
export const inmemSchema = {}

/** `seal "shamir" {}`: the shares of the unseal key are with people. */
export const shamirSchema = {}

/** `audit "file" "to-disk" { … }`: a device that is there from the start and that the API can't remove. */
export const auditSchema = {
  description: text('What it is for.'),
  options: map('Of the device, as for `sys/audit`: `file_path`, `log_raw`, `prefix`, …'),
  local: bool('Not shared with other clusters.'),
}

/** `user_lockout "all" { … }`, or for one auth method: `userpass`, `ldap`, `approle`. */
export const lockoutSchema = {
  lockout_threshold: integer('Failed log-ins that lock a user out.', 5, { min: 1, max: 1_000_000 }),
  lockout_duration: seconds('How long a user stays locked out.', 900),
  lockout_counter_reset: seconds('Time without a failed log-in after which counting starts anew.', 900),
  disable_lockout: bool('Locks nobody out.'),
}
