import { helpText } from '../../framework/derive/help.ts'
import { requestErrors } from '../../errors/request.ts'
import { RawJson, stringify } from '../../lib/json/index.ts'
import type { Reply } from '../../request/reply.ts'
import type { Route } from '../../router/router.ts'

/** `?help=1`: what the path's own declaration says. */
export function helpReply(route: Route): Reply {
  if (route.rest !== '' && route.found === undefined) throw requestErrors.UNSUPPORTED_PATH()
  const text = helpText(route.engine, route.rest === '' ? undefined : route.found?.path, route.rest)
  return {
    raw: { contentType: 'application/json', body: `${stringify({ help: text, openapi: new RawJson('null') })}\n` },
  }
}
