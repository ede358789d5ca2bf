import { definePath, none, replySchema } from '#framework'
import { tidySecretIds } from '../tidy.ts'

/** Mounts in which it runs. */
const running = new Set<string>()

export const tidy = definePath('tidy/secret-id', {
  help: 'Remove secret ids that are over.',
  description: 'That is done every minute anyway, and they are refused in either case.',
  params: {},
}).compute({
  summary: 'Remove secret ids that are over, in the background.',
  replies: { 202: replySchema('It has begun.', {}), 204: none },
  operationId: 'app-role-tidy-secret-id',
  run: (c) => {
    const { uuid } = c.mount
    if (running.has(uuid)) return { status: 200, warnings: ['Tidy operation already in progress.'] }
    running.add(uuid)
    void tidySecretIds(c)
      .catch((error: unknown) =>
        c.log.warn('tidying secret ids failed', { cause: error instanceof Error ? error.name : 'unknown' }),
      )
      .finally(() => running.delete(uuid))
    return {
      status: 202,
      warnings: [
        'Tidy operation successfully started. Any information from the operation will be printed to the server logs.',
      ],
    }
  },
})
