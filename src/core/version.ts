/** Which program this is. */
import packageJson from '../../package.json' with { type: 'json' }

export const version: string = packageJson.version
/**
 * The version told to clients (`sys/health`, `sys/seal-status`): Terraform's provider and others decide by it which parts of the API
 * are there, so it names the Vault whose API this is; what runs stands behind the `+`.
 */
export const apiVersion = `1.21.0+coffer.${version}`
/** Shown as `running_plugin_version` of the engines that come with the program. */
export const builtinVersion = `v${version}+builtin.coffer`
