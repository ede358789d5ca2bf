import type { Awaitable } from '../../../lib/awaitable.ts'
import { listing, type JsonOut, type Reply } from '#framework'

/** A list that tells what each of the names stands for. A name of which nothing is told is left out. */
export async function infoListing(
  names: Iterable<string> | AsyncIterable<string>,
  infoOf: (name: string) => Awaitable<JsonOut | undefined>,
): Promise<Reply> {
  const info = new Map<string, JsonOut>()
  for await (const name of names) {
    const one = await infoOf(name)
    if (one !== undefined) info.set(name, one)
  }
  return listing([...info.keys()], { key_info: info })
}
