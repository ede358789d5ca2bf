/**
 * The seal whose key is in a hardware security module. The module's library is called in a thread of its own, since its calls block;
 * the thread lives for one call, so that an error leaves nothing behind and no session stays open. That is once when the server
 * unseals, and every ten minutes to see whether the module still answers.
 */
import { Worker } from 'node:worker_threads'
import { wipe } from '../../lib/secure/guarded.ts'
import { FairLane } from '../../storage/fair-lane.ts'
import type { KeyService, WrappedDataKey } from './key-service.ts'

export interface Pkcs11Options {
  /** Path of the module's library. */
  readonly lib: string
  /** Decimal or 0x…; empty if `tokenLabel` tells. */
  readonly slot: string
  readonly tokenLabel: string
  readonly pin: string
  readonly keyLabel: string
  /** Hexadecimal. */
  readonly keyId: string
  readonly mechanism: 'ckm_aes_gcm' | 'ckm_rsa_pkcs_oaep'
  readonly oaepHash: 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512'
  /** Make the AES key if there is none. */
  readonly generateKey: boolean
}

export interface Pkcs11Task {
  readonly verb: 'encrypt' | 'decrypt'
  readonly input: Uint8Array
  readonly options: Pkcs11Options
}

export type Pkcs11Outcome = { readonly output: Uint8Array } | { readonly failure: string }

/** Libraries are initialised for the whole process: one call at a time, of whichever seal. */
const lane = new FairLane()

export class Pkcs11Service implements KeyService {
  readonly type = 'pkcs11'
  readonly #options: Pkcs11Options

  constructor(options: Pkcs11Options) {
    this.#options = options
  }

  async encrypt(dataKey: Uint8Array, signal: AbortSignal): Promise<WrappedDataKey> {
    return { keyId: this.#keyName(), ciphertext: await this.#run('encrypt', dataKey, signal, this.#options) }
  }

  async decrypt({ keyId, ciphertext }: WrappedDataKey, signal: AbortSignal): Promise<Uint8Array> {
    return await this.#run('decrypt', ciphertext, signal, { ...this.#options, ...namesOf(keyId), generateKey: false })
  }

  /** The key that encrypted is found again when the configuration names another one. */
  #keyName(): string {
    const { keyLabel, keyId } = this.#options
    return JSON.stringify({ label: keyLabel, id: keyId })
  }

  async #run(
    verb: Pkcs11Task['verb'],
    input: Uint8Array,
    signal: AbortSignal,
    options: Pkcs11Options,
  ): Promise<Uint8Array> {
    const leave = await lane.enter()
    try {
      signal.throwIfAborted()
      return await inThread({ verb, input, options }, signal)
    } finally {
      leave()
    }
  }
}

function namesOf(keyId: string): Pick<Pkcs11Options, 'keyLabel' | 'keyId'> {
  const names: unknown = JSON.parse(keyId)
  if (typeof names === 'object' && names !== null && 'label' in names && 'id' in names) {
    const { label, id } = names
    if (typeof label === 'string' && typeof id === 'string') return { keyLabel: label, keyId: id }
  }
  throw new Error('what is stored does not name its key')
}

async function inThread(task: Pkcs11Task, signal: AbortSignal): Promise<Uint8Array> {
  const worker = new Worker(new URL('pkcs11-thread.ts', import.meta.url), {
    workerData: task,
    stdin: false,
  })
  const stop = () => void worker.terminate()
  signal.addEventListener('abort', stop, { once: true })
  try {
    const outcome = await new Promise<Pkcs11Outcome>((resolve, reject) => {
      worker.once('message', (message: Pkcs11Outcome) => resolve(message))
      worker.once('error', reject)
      worker.once('exit', () => reject(new Error('the thread of the HSM ended without an answer')))
    })
    if ('failure' in outcome) throw new Error(outcome.failure)
    const output = Uint8Array.from(outcome.output)
    wipe(outcome.output)
    return output
  } finally {
    signal.removeEventListener('abort', stop)
    await worker.terminate()
  }
}
