import type { Client } from '../../client/client.ts'
import { columns } from '../../output/columns.ts'
import { rfc822 } from '../../output/go-text.ts'
import { keyStatusShape, shaped } from '../../output/structs.ts'
import { member, plainText } from '../../tree.ts'
import type { JsonTree } from '../../tree.ts'

export async function readKeyStatus(client: Client): Promise<JsonTree> {
  const root = await client.json({ method: 'GET', path: 'sys/key-status' })
  return shaped(member(root, 'data') ?? root, keyStatusShape)
}

export function keyStatusTable(status: JsonTree): string {
  return columns([
    ['Key Term', plainText(member(status, 'term'))],
    ['Install Time', rfc822(plainText(member(status, 'install_time')))],
    ['Encryption Count', plainText(member(status, 'encryptions'))],
  ])
}
