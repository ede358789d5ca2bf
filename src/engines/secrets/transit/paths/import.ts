import { definePath, done, f, none, type PathDefinition } from '#framework'
import { transitErrors } from '../errors.ts'
import { assertOneGiven, importedMaterial, importFor, importNew, importNext } from '../importing.ts'
import { assertRotatePeriod, newKey } from '../key.ts'
import { keys } from '../store.ts'
import { autoRotatePeriod, keyName, typeNamed } from './fields.ts'

const materialFields = {
  ciphertext: f
    .string(
      'The key in base64: an AES key of 256 bits, encrypted by RSA-OAEP with the wrapping key, and after it the key itself (bytes, or ' +
        'PKCS #8), wrapped with that AES key by AES-KWP.',
    )
    .sensitive()
    .optional(),
  public_key: f.string('Instead of it a public key alone, in PEM.').optional(),
  hash_function: f.string('Hash function of the OAEP: SHA1, SHA224, SHA256, SHA384 or SHA512.').default('SHA256'),
}

const importFields = {
  ...materialFields,
  type: f.string('Type of the key.').default('aes256-gcm96'),
  parameter_set: f.string('Which of the keys of type `ml-dsa`, `slh-dsa` or `ml-kem`.').default(''),
  allow_rotation: f.bool('The key may be rotated here.').default(false),
  derived: f.bool('A key of its own follows from the context of each request.').default(false),
  exportable: f.bool('The key may leave the server. Cannot be taken back.').default(false),
  allow_plaintext_backup: f.bool('The key may be backed up in clear. Cannot be taken back.').default(false),
  auto_rotate_period: autoRotatePeriod.default(0),
  context: f.string('Without effect here.').optional(),
}

export const importKey: PathDefinition = definePath('keys/{name}/import', {
  help: 'Bring along a key that was made elsewhere.',
  description: 'Read `wrapping_key` first. A key that is there already is not replaced: `import_version` adds to it.',
  params: { name: keyName },
}).write({
  summary: 'Make a key of material from outside.',
  fields: importFields,
  replies: { 204: none },
  operationId: 'transit-import-key',
  prepare: async (c) => {
    if (c.given.has('convergent_encryption')) throw transitErrors.IMPORT_CONVERGENT()
    if (c.in.auto_rotate_period > 0 && !c.in.allow_rotation) throw transitErrors.IMPORT_ROTATION()
    assertRotatePeriod(c.in.auto_rotate_period)
    assertOneGiven(c.in)
    const wished = newKey(c.params.name, {
      type: typeNamed(c.in.type.toLowerCase(), c.in.parameter_set),
      derived: c.in.derived,
      exportable: c.in.exportable,
      allowPlaintextBackup: c.in.allow_plaintext_backup,
      autoRotatePeriod: c.in.auto_rotate_period,
      imported: true,
      allowImportedRotation: c.in.allow_rotation,
    })
    if ((await keys.bytes(c.view, wished.name)) !== undefined) throw transitErrors.IMPORT_EXISTS()
    return { wished, material: await importedMaterial(c.view, wished.type, c.in) }
  },
  run: async (c, { wished, material }) => {
    if ((await keys.bytes(c.view, wished.name)) !== undefined) throw transitErrors.IMPORT_EXISTS()
    importNew(c.view, wished, material, c.clock.now())
    return done()
  },
})

export const importVersion: PathDefinition = definePath('keys/{name}/import_version', {
  help: 'Bring along another version of a key that was imported.',
  params: { name: keyName },
}).write({
  summary: 'Add a version to an imported key, or the private key to a version that has only its public key.',
  fields: {
    ...materialFields,
    version: f.int('The version whose private key this is. Without it there will be a new version.').optional(),
  },
  replies: { 204: none },
  operationId: 'transit-import-key-version',
  prepare: async (c) => {
    assertOneGiven(c.in)
    const { name } = c.params
    const key = await keys.get(c.view, name)
    if (key === undefined) throw transitErrors.IMPORT_NO_KEY({ name })
    if (!key.imported) throw transitErrors.IMPORT_NOT_IMPORTED()
    if (key.convergent) throw transitErrors.IMPORT_VERSION_CONVERGENT()
    return { type: key.type, material: await importedMaterial(c.view, key.type, c.in) }
  },
  run: async (c, { type, material }) => {
    const key = await keys.get(c.view, c.params.name)
    if (key === undefined || key.type !== type || !key.imported || key.convergent) throw transitErrors.REPLACED()
    if (c.in.version === undefined) await importNext(c.view, key, material, c.clock.now())
    else await importFor(c.view, key, c.in.version, material)
    return done()
  },
})
