/** In which words the engine refuses. They are Vault's, but for values: none is repeated, as it may be a secret in the wrong place. */
import { defineErrors } from '#framework'

export const transitErrors = defineErrors('TRANSIT', {
  KEY_NOT_FOUND: { status: 400, message: (p: { what: string }) => `${p.what} not found` },
  NO_KEY_TO_CONFIGURE: {
    status: 400,
    message: (p: { name: string }) => `no existing key named ${p.name} could be found`,
  },
  NO_KEY_TO_TRIM: { status: 400, message: 'invalid key name' },
  NO_KEY_TO_DELETE: {
    status: 400,
    message: (p: { name: string }) => `error deleting policy ${p.name}: could not delete key; not found`,
  },
  DELETION: {
    status: 400,
    message: (p: { name: string }) => `error deleting policy ${p.name}: deletion is not allowed for this key`,
  },
  /** It was removed and made anew, as another type, while the request was prepared. */
  REPLACED: { status: 409, message: 'the key was replaced while the request was carried out; try again' },
  SOFT_DELETED: { status: 400, message: 'refusing to use soft-deleted key' },
  KEY_TYPE: { status: 400, message: (p: { known: string }) => `unknown key type; takes ${p.known}` },
  MANAGED_KEY: { status: 400, message: 'managed keys are not available on this server' },
  PARAMETER_SET: { status: 400, message: (p: { known: string }) => `unknown parameter set; takes ${p.known}` },
  KEY_SIZE_UNUSED: { status: 400, message: (p: { type: string }) => `key_size is not valid for algorithm ${p.type}` },
  KEY_SIZE: {
    status: 400,
    message: (p: { min: number; max: number }) => `invalid key_size; takes ${p.min} to ${p.max} bytes`,
  },
  ROTATE_PERIOD: { status: 400, message: 'auto rotate period must be 0 to disable or at least an hour' },
  CONVERGENT_UNDERIVED: { status: 400, message: 'convergent encryption requires derivation to be enabled' },
  CONVERGENT_CONTEXT: {
    status: 400,
    message: 'convergent encryption requires derivation to be enabled, so context is required',
  },
  NOT_DERIVABLE: {
    status: 400,
    message: (p: { type: string }) =>
      `key derivation and convergent encryption not supported for keys of type ${p.type}`,
  },
  NOT_CONVERGENT: {
    status: 400,
    message: (p: { type: string }) => `convergent encryption not supported for keys of type ${p.type}`,
  },
  IMPORTED_ROTATION: {
    status: 400,
    message: (p: { name: string }) => `imported key ${p.name} does not allow rotation within Vault`,
  },

  NOT_FOR: {
    status: 400,
    message: (p: { type: string; what: string }) => `key type ${p.type} does not support ${p.what}`,
  },
  MESSAGE_NOT_FOR: {
    status: 400,
    message: (p: { type: string; what: string }) => `message ${p.what} not supported for key type ${p.type}`,
  },
  UPSERT_TYPE: {
    status: 400,
    message: (p: { type: string }) => `key type ${p.type} not supported for this operation`,
  },
  VERSION_NEGATIVE: { status: 400, message: (p: { what: string }) => `requested version for ${p.what} is negative` },
  VERSION_TOO_HIGH: {
    status: 400,
    message: (p: { what: string }) => `requested version for ${p.what} is higher than the latest key version`,
  },
  VERSION_BELOW_MINIMUM: {
    status: 400,
    message: (p: { what: string }) => `requested version for ${p.what} is less than the minimum encryption key version`,
  },
  NO_SUCH_VERSION: { status: 400, message: 'no such key version' },
  TOO_OLD: { status: 400, message: 'ciphertext or signature version is disallowed by policy (too old)' },
  NO_PREFIX: { status: 400, message: (p: { what: string }) => `invalid ${p.what}: no prefix` },
  FIELDS: { status: 400, message: (p: { what: string }) => `invalid ${p.what}: wrong number of fields` },
  VERSION_UNREADABLE: {
    status: 400,
    message: (p: { what: string }) => `invalid ${p.what}: version number could not be decoded`,
  },
  TOO_NEW: { status: 400, message: (p: { what: string }) => `invalid ${p.what}: version is too new` },
  CIPHERTEXT_BASE64: { status: 400, message: 'invalid ciphertext: could not decode base64' },
  CIPHERTEXT_LENGTH: { status: 400, message: 'invalid ciphertext length' },
  AUTHENTICATION: { status: 400, message: 'cipher: message authentication failed' },
  RSA_DECRYPTION: { status: 400, message: 'failed to RSA decrypt the ciphertext: crypto/rsa: decryption error' },
  RSA_TOO_LONG: {
    status: 400,
    message: 'failed to RSA encrypt the plaintext: crypto/rsa: message too long for RSA key size',
  },
  NO_PRIVATE_TO_DECRYPT: {
    status: 400,
    message: 'cannot decrypt ciphertext, key version does not have a private counterpart',
  },
  NO_PRIVATE_TO_SIGN: { status: 400, message: 'requested version for signing does not contain a private part' },
  NO_CONTEXT: {
    status: 400,
    message:
      "missing 'context' for key derivation; the key was created using a derived key, which means additional, per-request information must be included in order to perform operations with the key",
  },
  DERIVATION: { status: 400, message: (p: { why: string }) => `error deriving key: ${p.why}` },
  NONCE: { status: 400, message: 'nonce provided when not allowed' },
  CONVERGENT_OLD: {
    status: 400,
    message: (p: { version: number }) =>
      `refusing to support decryption with old convergent encryption key: version ${p.version}`,
  },
  ASSOCIATED_DATA: {
    status: 400,
    message: (p: { where: string; type: string }) =>
      `${p.where}associated_data' provided for non-AEAD cipher suite ${p.type}`,
  },
  BASE64: { status: 400, message: (p: { at: number }) => `illegal base64 data at input byte ${p.at}` },
  INPUT_BASE64: {
    status: 400,
    message: (p: { at: number }) => `unable to decode input as base64: illegal base64 data at input byte ${p.at}`,
  },
  FIELD_BASE64: { status: 400, message: (p: { field: string }) => `failed to base64-decode ${p.field}` },

  MISSING: { status: 400, message: (p: { what: string }) => `missing ${p.what}` },
  NO_INPUT_TO_HASH: { status: 400, message: 'input missing' },
  MIXED_CONTEXTS: {
    status: 400,
    message: 'context should be set either in all the request blocks or in none',
  },
  BATCH: { status: 400, message: (p: { faults: string }) => `failed to parse batch input: ${p.faults}` },

  DATAKEY_PATH: { status: 400, message: "Invalid path, must be 'plaintext' or 'wrapped'" },
  DATAKEY_BITS: { status: 400, message: 'invalid bit length' },

  HASH_ALGORITHM: { status: 400, message: (p: { known: string }) => `invalid hash algorithm; takes ${p.known}` },
  ALGORITHM: { status: 400, message: (p: { known: string }) => `unsupported algorithm; takes ${p.known}` },
  MARSHALING: { status: 400, message: 'invalid marshaling type; takes "asn1" or "jws"' },
  SALT_LENGTH: { status: 400, message: "salt length neither 'auto', 'hash', nor an int" },
  SALT_LENGTH_RANGE: { status: 400, message: 'requested salt length is invalid' },
  SIGNATURE_ALGORITHM: { status: 400, message: 'unsupported rsa signature algorithm; takes "pss" or "pkcs1v15"' },
  HASH_NONE: {
    status: 400,
    message: 'hash_algorithm=none requires both prehashed=true and signature_algorithm=pkcs1v15',
  },
  DIGEST_LENGTH: { status: 400, message: 'the prehashed input is not as long as the hash algorithm says' },
  PREHASHED: {
    status: 400,
    message: (p: { type: string }) => `prehashed input is not supported for key type ${p.type}`,
  },
  SIGNATURE_CONTEXT: {
    status: 400,
    message: (p: { type: string }) => `signature_context is not supported for key type ${p.type}`,
  },
  SIGNATURE_CONTEXT_LENGTH: { status: 400, message: 'signature_context takes at most 255 bytes' },
  SIGNATURE_BASE64: { status: 400, message: 'invalid base64 signature value' },
  SIGNATURE_FORM: { status: 400, message: 'supplied signature is invalid' },
  ONE_OF_SIGNATURE_HMAC: { status: 400, message: "provide one of 'signature' or 'hmac'" },
  NEITHER_SIGNATURE_NOR_HMAC: { status: 400, message: "neither a 'signature' nor an 'hmac' were given to verify" },
  BATCH_MIXED: { status: 400, message: "elements of batch_input must all provide 'signature' or all provide 'hmac'" },
  BATCH_SOME_MISSING: {
    status: 400,
    message: (p: { what: string }) => `some elements of batch_input are missing '${p.what}'`,
  },
  BATCH_NONE: { status: 400, message: "no batch_input elements have 'signature' or 'hmac'" },
  HMAC_VERSION: { status: 400, message: 'cannot generate HMAC: version is too old (disallowed by policy)' },
  HMAC_TOO_OLD: { status: 400, message: 'cannot verify HMAC: version is too old (disallowed by policy)' },
  HMAC_BASE64: {
    status: 400,
    message: (p: { at: number }) =>
      `unable to decode verification HMAC as base64: illegal base64 data at input byte ${p.at}`,
  },
  MAC_LENGTH: {
    status: 400,
    message: (p: { min: number; max: number }) => `mac_length takes ${p.min} to ${p.max} bytes`,
  },
  NO_SUCH_HMAC_VERSION: {
    status: 400,
    message: (p: { latest: number }) => `key version does not exist; latest key version is ${p.latest}`,
  },
  HMAC_NEGATIVE: { status: 400, message: 'key version does not exist (cannot be negative)' },
  NO_HMAC_KEY: { status: 400, message: 'no HMAC key exists for that key version' },

  MIN_NEGATIVE: { status: 400, message: (p: { what: string }) => `min ${p.what} version cannot be negative` },
  MIN_TOO_HIGH: {
    status: 400,
    message: (p: { what: string; to: number; latest: number }) =>
      `cannot set min ${p.what} version of ${p.to}, latest key version is ${p.latest}`,
  },
  MIN_ENCRYPTION_BELOW_DECRYPTION: {
    status: 400,
    message: (p: { encryption: number; decryption: number }) =>
      `cannot set min encryption/decryption values; min encryption version of ${p.encryption} must be greater than or equal to min decryption version of ${p.decryption}`,
  },
  MIN_ENCRYPTION_BELOW_AVAILABLE: {
    status: 400,
    message: 'min encryption version should not be less than min available version',
  },
  MIN_DECRYPTION_BELOW_AVAILABLE: {
    status: 400,
    message: 'min decryption version should not be less then min available version',
  },
  TRIM: { status: 400, message: (p: { why: string }) => p.why },

  IMPORT_EXISTS: {
    status: 400,
    message:
      'the import path cannot be used with an existing key; use import-version to rotate an existing imported key',
  },
  IMPORT_CONVERGENT: {
    status: 400,
    message: 'import cannot be used on keys with convergent encryption enabled',
  },
  IMPORT_VERSION_CONVERGENT: {
    status: 400,
    message: 'import_version cannot be used on keys with convergent encryption enabled',
  },
  IMPORT_ROTATION: { status: 400, message: 'allow_rotation must be set to true if auto-rotation is enabled' },
  IMPORT_BOTH: {
    status: 400,
    message: 'only one of the following fields, ciphertext and public_key, can be set',
  },
  IMPORT_NONE: { status: 400, message: 'one of the following fields must be set: ciphertext, public_key' },
  IMPORT_NO_KEY: {
    status: 400,
    message: (p: { name: string }) => `no key found with name ${p.name}; to import a new key, use the import/ endpoint`,
  },
  IMPORT_NOT_IMPORTED: {
    status: 400,
    message: 'the import_version endpoint can only be used with an imported key',
  },
  IMPORT_PUBLIC: { status: 400, message: 'provided type does not support public_key import' },
  IMPORT_PUBLIC_DERIVED: {
    status: 400,
    message:
      'unable to import only public key for derived Ed25519 key: imported key should not be an Ed25519 key pair but is instead an HKDF key',
  },
  IMPORT_HASH: { status: 400, message: 'unknown hash function; takes SHA1, SHA224, SHA256, SHA384 or SHA512' },
  IMPORT_SHORT: { status: 400, message: 'provided ciphertext is too short' },
  IMPORT_UNWRAP: {
    status: 400,
    message: 'the ciphertext could not be unwrapped: it was not made with this wrapping key and hash function',
  },
  IMPORT_EPHEMERAL: { status: 400, message: 'expected ephemeral AES key to be 256-bit' },
  IMPORT_SIZE: {
    status: 400,
    message: (p: { bytes: number; type: string }) => `invalid key size ${p.bytes} bytes for key type ${p.type}`,
  },
  IMPORT_PARSE: { status: 400, message: (p: { what: string }) => `error parsing ${p.what}` },
  IMPORT_TYPE: { status: 400, message: (p: { type: string }) => `invalid key type: expected ${p.type}` },
  IMPORT_MISMATCH: { status: 400, message: 'cannot import key, key pair does not match' },
  IMPORT_HAS_PUBLIC: {
    status: 400,
    message: 'cannot add a public key to a key version that already has a public key set',
  },
  IMPORT_HAS_PRIVATE: { status: 400, message: 'private key imported, key version cannot be updated' },
  IMPORT_NO_VERSIONS: { status: 400, message: 'provided type does not support importing key versions' },

  EXPORT_TYPE: { status: 400, message: (p: { known: string }) => `invalid export type; takes ${p.known}` },
  EXPORT_FORMAT: { status: 400, message: 'invalid format; takes raw, der, pem or nothing' },
  EXPORT_FORMAT_OF: {
    status: 400,
    message: (p: { what: string; known: string }) => `unknown format for ${p.what}; supported values are ${p.known}`,
  },
  NOT_EXPORTABLE: { status: 400, message: 'private key material is not exportable' },
  BYOK_NOT_EXPORTABLE: { status: 400, message: 'key is not exportable' },
  EXPORT_UNSUPPORTED: { status: 400, message: (p: { what: string }) => `${p.what} not supported for the key` },
  EXPORT_NO_CHAINS: {
    status: 400,
    message: 'certificate chain not supported for keys that do not support signing',
  },
  EXPORT_NO_CHAIN: { status: 400, message: 'selected key version does not have a certificate chain imported' },
  EXPORT_MISMATCH: {
    status: 400,
    message: (p: { type: string; what: string }) => `unknown key type ${p.type} for export type ${p.what}`,
  },
  EXPORT_VERSION: { status: 400, message: 'invalid key version' },
  EXPORT_BELOW_MINIMUM: { status: 400, message: 'version for export is below minimum decryption version' },
  EXPORT_NO_VERSION: { status: 400, message: 'version does not exist or cannot be found' },
  BYOK_NO_DESTINATION: { status: 400, message: 'no such destination key to export to' },
  BYOK_NO_SOURCE: { status: 400, message: 'no such source key for export' },
  BYOK_DESTINATION: { status: 400, message: 'unsupported key type in use; must be a rsa key' },
  BYOK_NO_PRIVATE: { status: 400, message: 'the key version has no private key to export' },

  BACKUP_NOT_FOUND: { status: 400, message: (p: { name: string }) => `key "${p.name}" not found` },
  BACKUP_NOT_EXPORTABLE: { status: 400, message: 'exporting is disallowed on the policy' },
  BACKUP_NOT_PLAINTEXT: { status: 400, message: 'plaintext backup is disallowed on the policy' },
  RESTORE_MISSING: { status: 400, message: "'backup' must be supplied" },
  RESTORE_FORM: { status: 400, message: (p: { why: string }) => `the backup cannot be read: ${p.why}` },
  RESTORE_EXISTS: { status: 400, message: (p: { name: string }) => `key "${p.name}" already exists` },

  CACHE_SIZE: {
    status: 400,
    message: (p: { min: number }) => `size must be 0 or a value greater or equal to ${p.min}`,
  },
  CERTIFICATE_KEY: { status: 400, message: (p: { name: string }) => `key with provided name '${p.name}' not found` },
  CERTIFICATE_DERIVED: { status: 400, message: 'operation not supported for keys with derivation enabled' },
  CSR_PEM: { status: 400, message: 'could not decode PEM CSR' },
  CSR: { status: 400, message: (p: { why: string }) => `could not create the csr: ${p.why}` },
  CHAIN: { status: 400, message: (p: { why: string }) => p.why },

  AGREEMENT_ALGORITHM: { status: 400, message: 'key derivation algorithm not supported; takes "ecdh"' },
  AGREEMENT_NO_PEER: { status: 400, message: 'peer public key not provided' },
  AGREEMENT_PEER: { status: 400, message: 'failed to parse supplied peer public key PEM' },
  AGREEMENT_CURVE: { status: 400, message: 'base private key type does not match peer public key curve' },
  AGREEMENT_EXISTS: { status: 400, message: 'the derived key cannot take the name of an existing key' },

  RANDOM_SOURCE: { status: 400, message: 'unsupported entropy source; must be "platform" or "seal", or "all"' },
  RANDOM_COUNT: { status: 400, message: 'error parsing url-set byte count' },
  RANDOM_TOO_FEW: { status: 400, message: "'bytes' cannot be less than 1" },
  RANDOM_TOO_MANY: { status: 400, message: (p: { max: number }) => `'bytes' should be less than ${p.max}` },
  FORMAT: { status: 400, message: 'unsupported encoding format; must be "hex" or "base64"' },
  DAMAGED: { status: 500, message: 'internal error: a version of the key is missing from the storage' },
})
