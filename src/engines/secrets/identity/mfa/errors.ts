/** What MFA's own paths refuse, in Vault's sentences where it has one. */
import { defineErrors } from '#framework'

/** Vault's list form of a single error. */
function listed(text: string): string {
  return `1 error occurred:\n\t* ${text}\n\n`
}

export const methodErrors = defineErrors('MFA_METHOD', {
  NAME_TAKEN: {
    status: 400,
    message: (p: { name: string }) =>
      listed(`a login MFA method configuration with the method name ${p.name} already exists`),
  },
  OTHER_TYPE: {
    status: 400,
    message: (p: { type: string }) => `failed to find the method ID under MFA type ${p.type}.`,
  },
  IN_USE: {
    status: 400,
    message: (p: { id: string }) => listed(`methodID is still used by an enforcement configuration with ID: ${p.id}`),
  },
  USERNAME_FORMAT: {
    status: 400,
    message: 'username_format takes a text in which {{identity.…}} names what is known of the entity',
  },
  ISSUER: { status: 400, message: 'issuer must be set' },
  ALGORITHM: { status: 400, message: 'unrecognized algorithm' },
  DIGITS: { status: 400, message: 'digits can only be 6 or 8' },
  PERIOD: { status: 400, message: 'period must be greater than zero' },
  SKEW: { status: 400, message: 'skew must be 0 or 1' },
  KEY_SIZE: { status: 400, message: 'key_size must be greater than zero' },
  LARGE_KEY: { status: 400, message: (p: { most: number }) => `key_size must not be greater than ${p.most}` },
  QR_SIZE: { status: 400, message: (p: { most: number }) => `qr_size must be between 0 and ${p.most}` },
  ATTEMPTS: { status: 400, message: 'max_validation_attempts must be greater than zero' },
  SECRET_KEY: { status: 400, message: 'secret_key is empty' },
  INTEGRATION_KEY: { status: 400, message: 'integration_key is empty' },
  API_HOSTNAME: { status: 400, message: 'api_hostname is empty' },
  BAD_HOST: { status: 400, message: (p: { field: string }) => `${p.field} takes the name of a host, without a path` },
  ORG_NAME: { status: 400, message: 'org_name must be set' },
  API_TOKEN: { status: 400, message: 'api_token must be set' },
  NO_SETTINGS: { status: 400, message: 'settings_file_base64 is empty' },
  BAD_SETTINGS: { status: 400, message: (p: { reason: string }) => p.reason },
})

export const secretErrors = defineErrors('MFA_SECRET', {
  NO_METHOD: { status: 400, message: 'missing method ID' },
  NO_ENTITY: { status: 400, message: 'missing entityID' },
  NO_ENTITY_TO_DESTROY: { status: 400, message: 'missing entity ID' },
  UNKNOWN_METHOD: {
    status: 400,
    message: (p: { id: string }) => `configuration for method ID "${p.id}" does not exist`,
  },
  UNKNOWN_ENTITY: { status: 400, message: 'invalid entity ID' },
  NOT_GENERATED: { status: 400, message: (p: { type: string }) => `generate not available for MFA type "${p.type}"` },
  CONFLICT: {
    status: 400,
    message: (p: { method: string; entity: string }) =>
      `conflicting MFA config ID "${p.method}" in entity ID "${p.entity}"`,
  },
  NOT_TOTP: { status: 400, message: listed('method ID does not match TOTP type') },
  SMALL_QR: {
    status: 400,
    message: (p: { least: number }) => `the method's qr_size must be at least ${p.least}, or 0 for no QR code`,
  },
  LONG_QR: { status: 400, message: "the method's issuer and key are too long for a QR code; set its qr_size to 0" },
})

export const enforcementErrors = defineErrors('MFA_ENFORCEMENT', {
  NO_METHODS: { status: 400, message: 'missing method ids' },
  UNKNOWN_METHOD: { status: 400, message: "one of the provided method ids doesn't exist" },
  ACCESSOR: { status: 400, message: 'one of the auth method accessors provided is invalid' },
  TYPE: { status: 400, message: 'one of the auth method types provided is invalid' },
  GROUP: { status: 400, message: "one of the provided group ids doesn't exist" },
  ENTITY: { status: 400, message: "one of the provided entity ids doesn't exist" },
  NOBODY: {
    status: 400,
    message:
      'One of auth_method_accessors, auth_method_types, identity_group_ids, identity_entity_ids must be specified',
  },
})
