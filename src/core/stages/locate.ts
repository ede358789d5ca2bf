import { header } from './receive.ts'
import type { Exchange } from '../exchange.ts'
import type { PipelineDeps } from '../deps.ts'

const HEADER = 'x-vault-namespace'

/**
 * Which namespace is meant: the header says one, and the path may go down from there. Once, by the decoded path; every later stage uses
 * what comes out of it.
 */
export function locate(x: Exchange, deps: PipelineDeps): void {
  if (x.isLocated) return
  const { request } = x
  const located = deps.namespaces.locate(header(x.wire, HEADER), request.path)
  if (located.namespace !== request.namespace) x.request = { ...request, ...located }
  x.isLocated = true
}
