/** `seal "type" { … }`: who keeps the key that opens the vault. */
import { ignored, needed, orFrom } from '../field.ts'
import { keyMaterial } from '../key-material.ts'
import { bool, oneOf, text } from '../kinds.ts'

const common = { disabled: bool('This is the seal that the vault is moved from.') }

const path = (help: string) => text(`${help} Path of a PEM file.`)

/** The shares of the unseal key are with people. */
const shamir = common

const staticKey = {
  ...common,
  current_key_id: needed(text('Name of the current key: another key takes another name.')),
  current_key: needed(keyMaterial('Encrypts.')),
  previous_key_id: text('Name of the key before it.'),
  previous_key: keyMaterial('Decrypts what was encrypted before the change of keys.'),
}

const transit = {
  ...common,
  address: needed(
    orFrom(['VAULT_ADDR'], orFrom(['VAULT_TRANSIT_SEAL_ADDR'], text('Address of the other server.')), 'nothing'),
  ),
  token: needed(
    orFrom(
      ['VAULT_TOKEN'],
      orFrom(['VAULT_TRANSIT_SEAL_TOKEN'], text('A token that may use the key. An orphan and periodic one is best.')),
      'nothing',
    ),
  ),
  key_name: needed(orFrom(['VAULT_TRANSIT_SEAL_KEY_NAME'], text('The key.'))),
  mount_path: orFrom(['VAULT_TRANSIT_SEAL_MOUNT_PATH'], text('Where the transit engine is mounted.', 'transit/')),
  namespace: orFrom(['VAULT_NAMESPACE'], text('Namespace of the transit engine.')),
  disable_renewal: orFrom(
    ['VAULT_TRANSIT_SEAL_DISABLE_RENEWAL'],
    bool('Does not renew the token: something else looks after it.'),
  ),
  tls_ca_cert: orFrom(['VAULT_CACERT'], path('Whom to trust.'), 'nothing'),
  tls_client_cert: orFrom(['VAULT_CLIENT_CERT'], path('Certificate to show.'), 'nothing'),
  tls_client_key: orFrom(['VAULT_CLIENT_KEY'], path('Its private key.'), 'nothing'),
  tls_server_name: orFrom(['VAULT_TLS_SERVER_NAME'], text('Name that the certificate has to be for.'), 'nothing'),
  tls_skip_verify: orFrom(['VAULT_SKIP_VERIFY'], bool('Trusts anybody. Never for real secrets.'), 'nothing'),
}

const awskms = {
  ...common,
  region: orFrom(['AWS_REGION', 'AWS_DEFAULT_REGION'], text('Region of the key.', 'us-east-1')),
  kms_key_id: needed(orFrom(['VAULT_AWSKMS_SEAL_KEY_ID'], text('Id, ARN or alias of the key.'))),
  access_key: text('Access key. Without one the SDK looks where it usually does: environment, profile, role.'),
  secret_key: text('Its secret.'),
  session_token: text('Session token of temporary credentials.'),
  endpoint: orFrom(['AWS_KMS_ENDPOINT'], text('Address of the service, such as that of a VPC endpoint.')),
}

const azurekeyvault = {
  ...common,
  tenant_id: orFrom(['AZURE_TENANT_ID'], text('Tenant.')),
  client_id: orFrom(['AZURE_CLIENT_ID'], text('Application, or managed identity.')),
  client_secret: orFrom(['AZURE_CLIENT_SECRET'], text("The application's secret. Without one: the managed identity.")),
  environment: orFrom(
    ['AZURE_ENVIRONMENT'],
    oneOf('The cloud.', ['azurepubliccloud', 'azureusgovernmentcloud', 'azurechinacloud'], 'azurepubliccloud'),
  ),
  vault_name: orFrom(['VAULT_AZUREKEYVAULT_VAULT_NAME'], text('The key vault.')),
  key_name: needed(orFrom(['VAULT_AZUREKEYVAULT_KEY_NAME'], text('The key. Its newest version encrypts.'))),
  resource: orFrom(
    ['AZURE_AD_RESOURCE'],
    text('DNS suffix of the key vault: `managedhsm.azure.net` for a managed HSM. That of the cloud if left out.'),
  ),
  endpoint: text('Address of the key vault, instead of the one made of vault_name and resource.'),
}

const gcpckms = {
  ...common,
  credentials: orFrom(
    ['GOOGLE_CREDENTIALS', 'GOOGLE_APPLICATION_CREDENTIALS'],
    text("Path of a credentials file. Without one: the SDK's default credentials."),
    'nothing',
  ),
  project: needed(orFrom(['GOOGLE_PROJECT'], text('Project.'))),
  region: needed(orFrom(['GOOGLE_REGION'], text('Location of the key ring, such as `global`.'))),
  key_ring: needed(orFrom(['VAULT_GCPCKMS_SEAL_KEY_RING'], text('The key ring.'))),
  crypto_key: needed(orFrom(['VAULT_GCPCKMS_SEAL_CRYPTO_KEY'], text('The key. Its primary version encrypts.'))),
  endpoint: text('Address of the service, instead of `https://cloudkms.googleapis.com`.'),
}

const ONE_KEY = 'AES-GCM and RSA-OAEP need no second key'

const pkcs11 = {
  ...common,
  lib: needed(orFrom(['VAULT_HSM_LIB'], text("Path of the HSM's PKCS#11 library."))),
  slot: orFrom(['VAULT_HSM_SLOT'], text('Number of the slot, in decimal or 0x… .')),
  token_label: orFrom(['VAULT_HSM_TOKEN_LABEL'], text('Label of the token, instead of its slot.')),
  pin: needed(orFrom(['VAULT_HSM_PIN'], text('PIN of the user.'))),
  key_label: orFrom(['VAULT_HSM_KEY_LABEL'], text('Label of the key.')),
  key_id: orFrom(['VAULT_HSM_KEY_ID'], text('Id of the key, in hexadecimal.')),
  mechanism: orFrom(
    ['VAULT_HSM_MECHANISM'],
    oneOf('How it encrypts.', ['ckm_aes_gcm', 'ckm_rsa_pkcs_oaep'], 'ckm_aes_gcm', {
      aes_gcm: 'ckm_aes_gcm',
      '0x1087': 'ckm_aes_gcm',
      '4231': 'ckm_aes_gcm',
      rsa_pkcs_oaep: 'ckm_rsa_pkcs_oaep',
      '0x0009': 'ckm_rsa_pkcs_oaep',
      '0x9': 'ckm_rsa_pkcs_oaep',
      '9': 'ckm_rsa_pkcs_oaep',
    }),
  ),
  rsa_oaep_hash: orFrom(
    ['VAULT_HSM_RSA_OAEP_HASH'],
    oneOf('Hash of RSA-OAEP.', ['sha1', 'sha224', 'sha256', 'sha384', 'sha512'], 'sha256'),
  ),
  generate_key: orFrom(['VAULT_HSM_GENERATE_KEY'], bool('Makes the AES key if it is not there.')),
  hmac_key_label: ignored(ONE_KEY),
  default_hmac_key_label: ignored(ONE_KEY),
  hmac_key_id: ignored(ONE_KEY),
  hmac_mechanism: ignored(ONE_KEY),
  default_key_label: ignored('keys are named by what encrypted with them'),
  max_parallel: ignored('the HSM is asked one thing at a time'),
  disable_auto_reinit_on_error: ignored('the library is loaded anew after an error'),
  disable_software_encryption: ignored('the HSM does all of it'),
  force_rw_session: ignored('sessions write only to make a key'),
}

export const sealSchemas = { shamir, static: staticKey, transit, awskms, azurekeyvault, gcpckms, pkcs11 } as const
