/** Reads of the store as it stood at one revision, in pages that neither side minds. */
import { status } from '@grpc/grpc-js'
import type { EtcdClient } from './etcd-client.ts'
import { hasCode } from './etcd-error.ts'
import { after } from './etcd-layout.ts'
import type { KeyValue, RangeRequest, RangeResponse } from './etcd-messages.ts'

const KEYS_PAGE = 4096
const FIRST_PAGE = 16
/** Bytes that a page with values should have. */
const PAGE_BYTES = 4 << 20

type At = RangeRequest & { readonly revision: number }

/** Rejects where the revision has been compacted away. */
export async function readAt(client: EtcdClient, request: At): Promise<RangeResponse> {
  try {
    // What a revision shows never changes, so whichever member has it may answer alone.
    return await client.range({ ...request, serializable: true })
  } catch (error) {
    if (!hasCode(error, status.OUT_OF_RANGE)) throw error
    // That member is behind, unless the revision is gone.
    return client.range(request)
  }
}

export async function scan(client: EtcdClient, request: At, limit = Infinity): Promise<KeyValue[]> {
  const out: KeyValue[] = []
  let { key } = request
  let page = request.keysOnly === true ? KEYS_PAGE : FIRST_PAGE
  while (out.length < limit) {
    const { entries, more } = await readAt(client, { ...request, key, limit: Math.min(page, limit - out.length) })
    for (const entry of entries) out.push(entry)
    const last = entries.at(-1)
    if (!more || last === undefined) break
    key = after(last.key)
    if (request.keysOnly !== true) page = pageAfter(entries)
  }
  return out
}

function pageAfter(entries: readonly KeyValue[]): number {
  const bytes = entries.reduce((sum, { key, value }) => sum + key.length + value.length, 1)
  return Math.min(Math.max(Math.floor((PAGE_BYTES * entries.length) / bytes), 1), KEYS_PAGE)
}
