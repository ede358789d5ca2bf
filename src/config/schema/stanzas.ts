/** The smaller stanzas: audit, user_lockout. */
import { bool, map, optional, optionalInteger, seconds, text } from '../kinds.ts'

/** `audit "file" "to-disk" { … }`: a device that is there from the start and that the API can't remove. */
export const auditSchema = {
  description: text('What it is for.'),
  options: map('Of the device, as for `sys/audit`: `file_path`, `log_raw`, `prefix`, …'),
  local: bool('Not shared with other clusters.'),
}

/** `user_lockout "all" { … }`, or for one auth method: `userpass`, `ldap`, `approle`. What that leaves out is as "all" says. */
export const lockoutSchema = {
  lockout_threshold: optionalInteger('Failed log-ins after which a user is locked out; 5 if nothing says otherwise.', {
    min: 1,
    max: 1_000_000_000,
  }),
  lockout_duration: optional(seconds('How long a user stays locked out; 15 minutes if nothing says otherwise.', 0)),
  lockout_counter_reset: optional(seconds('How long a failed log-in counts; 15 minutes if nothing says otherwise.', 0)),
  disable_lockout: optional(bool('Nobody is locked out.')),
}
