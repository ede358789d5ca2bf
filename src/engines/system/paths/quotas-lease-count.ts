/** `sys/quotas/lease-count`. Source: Vault API docs, /sys/quotas/lease-count. */
import { absent, definePath, done, f, listing, none, ok, replySchema, type PathDefinition } from '#framework'
import { quotaErrors } from '../../../errors/quotas.ts'
import type { QuotasPort } from '../../../request/quota-ports.ts'
import { namesReply, quotaParams, scopeFields, scopeOf } from '../quotas.ts'

const reply = replySchema('A limit of leases.', {
  type: f.string('`lease-count`.'),
  name: f.string('Its name.'),
  path: f.string('What it is for, from the root namespace on.'),
  role: f.string('Role of the log-ins that it is for.'),
  max_leases: f.int('How many there may be.'),
  counter: f.int('How many there are.'),
  inheritable: f.bool('Holds in the namespaces below, too.'),
})

export const leaseCountPaths = (quotas: QuotasPort): readonly PathDefinition[] => [
  definePath('quotas/lease-count', {
    help: 'The limits of leases.',
    params: {},
    flags: { rootNamespaceOnly: true },
  }).list({
    summary: 'List the limits of leases of all namespaces.',
    operationId: 'lease-count-quotas-list',
    replies: { 200: namesReply },
    run: (c) => listing(quotas.leaseCounts.list(c.request.namespace)),
  }),
  definePath('quotas/lease-count/{name}', {
    help: 'Limit how many leases there may be.',
    params: quotaParams,
    flags: { rootNamespaceOnly: true },
  })
    .read({
      summary: 'Read a limit of leases.',
      operationId: 'lease-count-quotas-read',
      // They are counted where leases are made.
      flags: { place: 'leader' },
      replies: { 200: reply },
      run: async (c) => {
        const found = quotas.leaseCounts.get(c.request.namespace, c.params.name)
        if (found === undefined) return absent()
        const { name, path, role, inheritable, maxLeases } = found
        const counter = await quotas.leasesOf(name)
        return ok(reply, { type: 'lease-count', name, path, role, max_leases: maxLeases, counter, inheritable })
      },
    })
    .write({
      summary: 'Create or change a limit of leases.',
      operationId: 'lease-count-quotas-write',
      fields: { ...scopeFields, max_leases: f.int('How many there may be. Must be positive.').default(0) },
      replies: { 204: none },
      run: async (c) => {
        const { max_leases: maxLeases } = c.in
        if (maxLeases <= 0) throw quotaErrors.MAX_LEASES()
        await quotas.leaseCounts.put(c.view, c.request.namespace, c.params.name, { ...scopeOf(c.in), maxLeases })
        return done()
      },
    })
    .delete({
      summary: 'Delete a limit of leases.',
      operationId: 'lease-count-quotas-delete',
      replies: { 204: none },
      run: async (c) => {
        await quotas.leaseCounts.delete(c.view, c.request.namespace, c.params.name)
        return done()
      },
    }),
]
