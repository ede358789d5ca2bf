/** What `sys/wrapping/` needs of response wrapping. Views are those of the whole storage. */
import type { ReadView, WriteView } from '../storage/view.ts'
import type { WrapInfo } from './reply.ts'

export interface WrappedInfo {
  readonly creationPath: string
  /** RFC 3339. */
  readonly creationTime: string
  /** Seconds. */
  readonly creationTtl: number
}

export interface WrappingPaths {
  /** Undefined for a token that is no wrapping token, unknown, expired or used. */
  lookup(view: ReadView, token: string): Promise<WrappedInfo | undefined>
  /** Ends the token and gives the envelope it kept. The commit comes before the answer, so of many callers one gets it. */
  unwrap(view: WriteView, token: string): Promise<string | undefined>
  /** Ends the token and makes a new one, of the same lifetime and origin, for the same envelope. */
  rewrap(view: WriteView, token: string): Promise<WrapInfo | undefined>
}
