/** The smaller stanzas: audit, user_lockout. */
import { ignored } from '../field.ts'
import { bool, map, text } from '../kinds.ts'

const NO_USERS = 'there are no log-in methods with users yet'

/** `audit "file" "to-disk" { … }`: a device that is there from the start and that the API can't remove. */
export const auditSchema = {
  description: text('What it is for.'),
  options: map('Of the device, as for `sys/audit`: `file_path`, `log_raw`, `prefix`, …'),
  local: bool('Not shared with other clusters.'),
}

/** `user_lockout "all" { … }`, or for one auth method: `userpass`, `ldap`, `approle`. */
export const lockoutSchema = {
  lockout_threshold: ignored(NO_USERS),
  lockout_duration: ignored(NO_USERS),
  lockout_counter_reset: ignored(NO_USERS),
  disable_lockout: ignored(NO_USERS),
}
