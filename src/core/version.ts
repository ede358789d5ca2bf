/** Which program this is. */
import packageJson from '../../package.json' with { type: 'json' }

export const version: string = packageJson.version
/** Shown as `running_plugin_version` of the engines that come with the program. */
export const builtinVersion = `v${version}+builtin.coffer`
