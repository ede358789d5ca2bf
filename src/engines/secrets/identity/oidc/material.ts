/** The key pairs of a named key. Making them is slow: they are prepared before the transaction that stores them. */
import type { ReadView, WriteView } from '#framework'
import { generatePair, type AlgorithmName, type KeyPair } from './algorithms.ts'
import { started, type NamedKey, type SigningPairs } from './named-key.ts'
import { keys, signingPairs } from './store.ts'

export async function newPairs(algorithm: AlgorithmName): Promise<SigningPairs> {
  const [current, next] = await Promise.all([generatePair(algorithm), generatePair(algorithm)])
  return { current, next }
}

/** For a key that is there and has none yet: the default one, which gets its pairs when something first refers to it. */
export async function firstPairs(view: ReadView, name: string): Promise<SigningPairs | undefined> {
  const key = await keys.get(view, name)
  return key === undefined || key.ring.length > 0 ? undefined : newPairs(key.algorithm)
}

/** Puts pairs to a key, made before if they still fit. */
export async function start(
  view: WriteView,
  name: string,
  { key, prepared, now }: { readonly key: NamedKey; readonly prepared: SigningPairs | undefined; readonly now: number },
): Promise<NamedKey> {
  const pairs = prepared?.current.public.alg === key.algorithm ? prepared : await newPairs(key.algorithm)
  const running = started(key, pairs, await signingPairs.get(view, { name }), now)
  keys.put(view, name, running)
  signingPairs.put(view, { name }, pairs)
  return running
}

/** The key, with pairs; undefined where there is none. */
export async function startedKey(
  view: WriteView,
  name: string,
  prepared: SigningPairs | undefined,
  now: number,
): Promise<NamedKey | undefined> {
  const key = await keys.get(view, name)
  return key === undefined || key.ring.length > 0 ? key : start(view, name, { key, prepared, now })
}

/** The pair, if it is one of the key's algorithm, which may have changed since; else another. */
export async function fitting(pair: KeyPair | undefined, { algorithm }: NamedKey): Promise<KeyPair> {
  return pair?.public.alg === algorithm ? pair : generatePair(algorithm)
}
