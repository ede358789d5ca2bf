/** The door for whoever verifies a log: `coffer audit verify`. */
import type { KeyObject } from 'node:crypto'
import { keyId } from './chain/chain-store.ts'
import { publicKeyOf } from './chain/checkpoint.ts'
import type { Point } from './chain/link.ts'
import { readLines } from './chain/read-lines.ts'
import { Verifier, type Summary, type VerifierOptions } from './chain/verifier.ts'

export type { Finding, Summary } from './chain/verifier.ts'

export interface VerifyRequest extends Pick<
  VerifierOptions,
  'allowRepeats' | 'partial' | 'complete' | 'found' | 'noted'
> {
  /** In the order in which they were written; `-` is what is read from the standard input. */
  readonly files: readonly string[]
  readonly keys: readonly KeyObject[]
  /** What stands in front of each `{` was put there on the way. */
  readonly embedded: boolean
  /** A checkpoint that has to be there. */
  readonly expected: Point | undefined
}

const OPEN = Buffer.from('{"chain":')

export async function verifyLog(request: VerifyRequest): Promise<Summary> {
  const { files, keys, embedded, expected, ...options } = request
  const verifier = new Verifier({ ...options, keys: new Map(keys.map((key) => [keyId(key), key])) })
  for (const file of files) {
    let number = 0
    for await (const { line } of readLines(file)) {
      const start = embedded ? line.indexOf(OPEN) : 0
      verifier.add(start > 0 ? line.subarray(start) : line, { file, line: ++number })
    }
  }
  return verifier.end(expected)
}

/** PEM or base64; undefined for what is no Ed25519 public key. */
export function readPublicKey(text: string): KeyObject | undefined {
  return publicKeyOf(text)
}
