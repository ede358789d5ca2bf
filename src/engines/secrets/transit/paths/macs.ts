/** What making HMACs and making CMACs have in common: one input, or a batch of them. */
import { okData, type RawJson, type Reply } from '#framework'
import type { Awaitable } from '../../../../lib/awaitable.ts'
import { each, parseBatch, resultsOf, type ItemShape } from '../batch.ts'
import { transitErrors } from '../errors.ts'
import { inputBytes, inputOf } from './input.ts'

interface Given {
  readonly input: string | undefined
  readonly batch_input: RawJson | undefined
}

const SHAPE: ItemShape = { strings: ['input', 'reference'] }

/** Throws `TRANSIT_MISSING`, `TRANSIT_INPUT_BASE64` or `TRANSIT_BATCH`. */
export async function macsReply(
  member: 'hmac' | 'cmac',
  { input, batch_input: batch }: Given,
  make: (input: Buffer) => Awaitable<string>,
): Promise<Reply> {
  const what = `input for ${member.toUpperCase()}`
  if (batch === undefined) {
    if (input === undefined) throw transitErrors.MISSING({ what })
    return okData({ [member]: await make(inputBytes(input)) })
  }
  const items = parseBatch(batch, SHAPE)
  const outcomes = await each(items, async (item) => make(inputOf(item, what)))
  return okData({ batch_results: resultsOf(items, outcomes, (mac) => ({ [member]: mac })) })
}
