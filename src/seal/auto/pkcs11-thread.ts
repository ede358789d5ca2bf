/** The thread that calls an HSM's library, for `pkcs11.ts`: opens a session, encrypts or decrypts once, and answers. */
import { parentPort, workerData } from 'node:worker_threads'
import type { Key, ITemplate, MechanismType, Session, Slot } from 'graphene-pk11'
import type * as graphenePk11 from 'graphene-pk11'
import { freshBytes } from '../../lib/secure/random.ts'
import { optionalPackage } from './optional-package.ts'
import type { Pkcs11Options, Pkcs11Outcome, Pkcs11Task } from './pkcs11.ts'

type Graphene = typeof graphenePk11

const IV_BYTES = 12
const TAG_BITS = 128
/** Longer than what any key that is in use gives. */
const ROOM_BYTES = 2048
/** What is shorter than any PIN would black out words of the message. */
const SHORTEST_PIN = 4

const task: Pkcs11Task = workerData
parentPort?.postMessage(await outcomeOf(task))

async function outcomeOf(asked: Pkcs11Task): Promise<Pkcs11Outcome> {
  try {
    return { output: await perform(asked) }
  } catch (error) {
    const text = error instanceof Error ? error.message : 'the HSM failed'
    return { failure: asked.options.pin.length < SHORTEST_PIN ? text : text.replaceAll(asked.options.pin, '…') }
  }
}

async function perform({ verb, input, options }: Pkcs11Task): Promise<Uint8Array> {
  const graphene = await library()
  const module = graphene.Module.load(options.lib, 'hsm')
  module.initialize()
  try {
    const slot = slotOf(graphene, options)
    const writes = options.generateKey ? graphene.SessionFlag.RW_SESSION : 0
    const session = slot.open(graphene.SessionFlag.SERIAL_SESSION | writes)
    try {
      session.login(options.pin, graphene.UserType.USER)
      return verb === 'encrypt'
        ? encrypt(graphene, session, options, input)
        : decrypt(graphene, session, options, input)
    } finally {
      session.close()
    }
  } finally {
    module.finalize()
  }

  function slotOf(pk11: Graphene, { slot: wanted, tokenLabel }: Pkcs11Options): Slot {
    const slots = module.getSlots(true)
    for (let i = 0; i < slots.length; i++) {
      const slot = slots.items(i)
      const fits = tokenLabel === '' ? slot.handle.equals(handleOf(wanted, slot)) : labelOf(slot) === tokenLabel
      if (fits && (slot.flags & pk11.SlotFlag.TOKEN_PRESENT) !== 0) return slot
    }
    throw new Error(tokenLabel === '' ? `there is no slot ${wanted}` : `there is no token with the label ${tokenLabel}`)
  }
}

async function library(): Promise<Graphene> {
  try {
    return await optionalPackage('graphene-pk11', () => import('graphene-pk11'))
  } catch (error) {
    if (!(error instanceof Error) || !/pkcs11\.node|pkcs11js|bindings/i.test(error.message)) throw error
    throw new Error(
      "the native part of pkcs11js is not built: run `npm rebuild pkcs11js --ignore-scripts=false` in Coffer's folder",
      { cause: error },
    )
  }
}

function labelOf(slot: Slot): string {
  return slot.getToken().label.replace(/[\s\0]+$/, '')
}

/** A handle is the slot's number in the machine's own order of bytes. */
function handleOf(wanted: string, slot: Slot): Buffer {
  const handle = Buffer.alloc(slot.handle.length)
  if (handle.length >= 8) handle.writeBigUInt64LE(BigInt(wanted))
  else handle.writeUInt32LE(Number(wanted))
  return handle
}

function encrypt(graphene: Graphene, session: Session, options: Pkcs11Options, input: Uint8Array): Uint8Array {
  const room = Buffer.alloc(ROOM_BYTES)
  const bytes = Buffer.from(input)
  if (options.mechanism === 'ckm_rsa_pkcs_oaep') {
    const key = find(session, options, graphene.ObjectClass.PUBLIC_KEY)
    if (key === undefined) throw missing(options)
    return session.createCipher(oaep(graphene, options), key).once(bytes, room)
  }
  const key = find(session, options, graphene.ObjectClass.SECRET_KEY) ?? made(graphene, session, options)
  const iv = Buffer.from(freshBytes(IV_BYTES))
  return Buffer.concat([iv, session.createCipher(gcm(graphene, iv), key).once(bytes, room)])
}

function decrypt(graphene: Graphene, session: Session, options: Pkcs11Options, input: Uint8Array): Uint8Array {
  const room = Buffer.alloc(ROOM_BYTES)
  const bytes = Buffer.from(input)
  const isRsa = options.mechanism === 'ckm_rsa_pkcs_oaep'
  const kind = isRsa ? graphene.ObjectClass.PRIVATE_KEY : graphene.ObjectClass.SECRET_KEY
  const key = find(session, options, kind)
  if (key === undefined) throw missing(options)
  if (isRsa) return session.createDecipher(oaep(graphene, options), key).once(bytes, room)
  return session.createDecipher(gcm(graphene, bytes.subarray(0, IV_BYTES)), key).once(bytes.subarray(IV_BYTES), room)
}

function gcm(graphene: Graphene, iv: Buffer): MechanismType {
  return { name: 'AES_GCM', params: new graphene.AesGcm240Params(iv, Buffer.alloc(0), TAG_BITS) }
}

function oaep(graphene: Graphene, { oaepHash }: Pkcs11Options): MechanismType {
  const { MechanismEnum, RsaMgf } = graphene
  const [hash, mgf] = {
    sha1: [MechanismEnum.SHA1, RsaMgf.MGF1_SHA1] as const,
    sha224: [MechanismEnum.SHA224, RsaMgf.MGF1_SHA224] as const,
    sha256: [MechanismEnum.SHA256, RsaMgf.MGF1_SHA256] as const,
    sha384: [MechanismEnum.SHA384, RsaMgf.MGF1_SHA384] as const,
    sha512: [MechanismEnum.SHA512, RsaMgf.MGF1_SHA512] as const,
  }[oaepHash]
  return { name: 'RSA_PKCS_OAEP', params: new graphene.RsaOaepParams(hash, mgf) }
}

function find(session: Session, options: Pkcs11Options, kind: number): Key | undefined {
  const found = session.find({ class: kind, token: true, ...nameOf(options) })
  if (found.length > 1) throw new Error(`more than one key has ${described(options)}`)
  return found.length === 0 ? undefined : found.items(0).toType<Key>()
}

function nameOf({ keyLabel, keyId }: Pkcs11Options): ITemplate {
  return {
    ...(keyLabel === '' ? {} : { label: keyLabel }),
    ...(keyId === '' ? {} : { id: Buffer.from(keyId.replace(/^0x/i, ''), 'hex') }),
  }
}

/** A new AES key, which never leaves the module. */
function made(graphene: Graphene, session: Session, options: Pkcs11Options): Key {
  if (!options.generateKey) throw missing(options)
  return session.generateKey(graphene.KeyGenMechanism.AES, {
    ...nameOf(options),
    class: graphene.ObjectClass.SECRET_KEY,
    keyType: graphene.KeyType.AES,
    valueLen: 32,
    token: true,
    private: true,
    sensitive: true,
    extractable: false,
    encrypt: true,
    decrypt: true,
  })
}

function missing(options: Pkcs11Options): Error {
  return new Error(`there is no key with ${described(options)}`)
}

function described({ keyLabel, keyId }: Pkcs11Options): string {
  const parts = [keyLabel === '' ? '' : `the label ${keyLabel}`, keyId === '' ? '' : `the id ${keyId}`]
  return parts.filter((part) => part !== '').join(' and ')
}
