/** Namespaces: so far there is the root namespace alone, and a request for another is told so. */
import { requestErrors } from '../errors/request.ts'
import { rootNamespace, type Namespace } from '../request/request.ts'

export interface ResolvedNamespace {
  readonly namespace: Namespace | undefined
  /** The request's path inside the namespace. */
  readonly path: string
}

export const rootOnly = {
  resolve(header: string | undefined, path: string): ResolvedNamespace {
    const asked = (header ?? '').replace(/^\/|\/$/g, '')
    if (asked !== '' && asked !== 'root') throw requestErrors.NAMESPACE()
    return { namespace: rootNamespace, path }
  },
}
