/** Reading a version of a key in order to write on top of it. */
import type { Client } from '../../client/client.ts'
import type { Query } from '../../client/address.ts'
import { attempt, failure } from '../../failure.ts'
import { booleanOf, entriesOf, isAbsent, member, plainText } from '../../tree.ts'
import type { JsonEntries, JsonTree } from '../../tree.ts'

export interface ExistingVersion {
  readonly version: JsonTree | undefined
  /** undefined for a version whose data was deleted or destroyed. */
  readonly data: JsonEntries | undefined
  readonly deleted: boolean
  readonly destroyed: boolean
}

/** `purpose` is what works on existing data only. Throws `CliFailure`. */
export async function readVersion(
  client: Client,
  path: string,
  purpose: string,
  query: Query = [],
): Promise<ExistingVersion> {
  const secret = await attempt(`Error doing pre-read at ${path}`, client.aside().read(path, query))
  if (secret?.data === undefined) throw failure(`No value found at ${path}`)
  const metadata = secret.data.get('metadata')
  if (isAbsent(metadata)) throw failure(`No metadata found at ${path}; ${purpose} only works on existing data`)
  return {
    version: member(metadata, 'version'),
    data: entriesOf(secret.data.get('data')),
    deleted: plainText(member(metadata, 'deletion_time')) !== '',
    destroyed: booleanOf(member(metadata, 'destroyed')) === true,
  }
}

export function noData(path: string, purpose: string): Error {
  return failure(`No data found at ${path}; ${purpose} only works on existing data`)
}
