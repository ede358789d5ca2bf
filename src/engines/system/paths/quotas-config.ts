/** `sys/quotas/config`. Source: Vault API docs, /sys/quotas/config. */
import { definePath, done, f, none, ok, replySchema, type PathDefinition } from '#framework'
import { quotaErrors } from '../../../errors/quotas.ts'
import type { QuotaConfig, QuotasPort } from '../../../request/quota-ports.ts'

const help = {
  enable_rate_limit_audit_logging: 'Whether requests that a rate limit refuses are audited.',
  enable_rate_limit_response_headers: 'Whether replies tell what is left of a rate limit.',
  rate_limit_exempt_paths: 'Beginnings of paths, in every namespace, that no rate limit is for.',
  absolute_rate_limit_exempt_paths: 'Beginnings of paths, from the root namespace on, that no rate limit is for.',
}

const reply = replySchema('How quotas are carried out.', {
  enable_rate_limit_audit_logging: f.bool(help.enable_rate_limit_audit_logging),
  enable_rate_limit_response_headers: f.bool(help.enable_rate_limit_response_headers),
  rate_limit_exempt_paths: f.list(help.rate_limit_exempt_paths),
  absolute_rate_limit_exempt_paths: f.list(help.absolute_rate_limit_exempt_paths),
})

export const quotaConfigPaths = (quotas: QuotasPort): readonly PathDefinition[] => [
  definePath('quotas/config', {
    help: 'How quotas are carried out.',
    params: {},
    flags: { rootNamespaceOnly: true },
  })
    .read({
      summary: 'Read how quotas are carried out.',
      operationId: 'rate-limit-quotas-read-configuration',
      replies: { 200: reply },
      run: () => {
        const { auditLogging, responseHeaders, exemptPaths, absoluteExemptPaths } = quotas.config()
        return ok(reply, {
          enable_rate_limit_audit_logging: auditLogging,
          enable_rate_limit_response_headers: responseHeaders,
          rate_limit_exempt_paths: exemptPaths,
          absolute_rate_limit_exempt_paths: absoluteExemptPaths,
        })
      },
    })
    .write({
      summary: 'Change how quotas are carried out; what is left out stays.',
      operationId: 'rate-limit-quotas-configure',
      fields: {
        enable_rate_limit_audit_logging: f.bool(help.enable_rate_limit_audit_logging).optional(),
        enable_rate_limit_response_headers: f.bool(help.enable_rate_limit_response_headers).optional(),
        rate_limit_exempt_paths: f.strings(help.rate_limit_exempt_paths).optional(),
        absolute_rate_limit_exempt_paths: f.strings(help.absolute_rate_limit_exempt_paths).optional(),
      },
      replies: { 204: none },
      run: async (c) => {
        const exemptPaths = c.in.rate_limit_exempt_paths
        const absoluteExemptPaths = c.in.absolute_rate_limit_exempt_paths
        const auditLogging = c.in.enable_rate_limit_audit_logging
        const responseHeaders = c.in.enable_rate_limit_response_headers
        if (c.request.namespace.id !== 'root' && (exemptPaths ?? absoluteExemptPaths) !== undefined)
          throw quotaErrors.EXEMPT_FROM_ROOT()
        const change: Partial<QuotaConfig> = {
          ...(exemptPaths === undefined ? {} : { exemptPaths }),
          ...(absoluteExemptPaths === undefined ? {} : { absoluteExemptPaths }),
          ...(auditLogging === undefined ? {} : { auditLogging }),
          ...(responseHeaders === undefined ? {} : { responseHeaders }),
        }
        await quotas.putConfig(c.view, change)
        return done()
      },
    }),
]
