/**
 * Everything the audit devices keep in the storage stands below this: whoever commits there reloads the table and the
 * headers.
 */
export const auditPrefix = 'core/audit/'
