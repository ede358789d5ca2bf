/**
 * Where a mount keeps its secrets, and how: `secret/<path>` holds the lease's seconds (or nothing), a line feed, and the client's
 * JSON text, which is cut out as it stands.
 */
import { collectionOf, fromUtf8, RawJson, toUtf8, type RecordCodec, type WriteView } from '#framework'
import { kvV1Errors } from './domain.ts'

export interface Entry {
  /** Seconds; undefined takes the mount's default. */
  readonly leaseDuration: number | undefined
  readonly data: RawJson
}

const entryCodec: RecordCodec<Entry> = {
  encode: ({ leaseDuration, data }) => toUtf8(`${leaseDuration ?? ''}\n${data.text}`),
  decode: (bytes) => {
    const text = fromUtf8(bytes)
    const end = text.indexOf('\n')
    const head = text.slice(0, end)
    return { leaseDuration: head === '' ? undefined : Number(head), data: new RawJson(text.slice(end + 1)) }
  },
}

export const entries = collectionOf('secret/{path}', entryCodec)

/**
 * Looks at the entry that becomes there when the mount is upgraded. A write that had begun before conflicts with the upgrade by
 * that, and is refused instead of storing what nobody would find. Throws `KV_V1_UPGRADED`.
 */
export async function assertNotUpgraded(view: WriteView): Promise<void> {
  if ((await view.get('config')) !== undefined) throw kvV1Errors.UPGRADED()
}
