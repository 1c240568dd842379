export { SettingsError, type SettingsErrorCode } from './errors.ts';
export { loadSettings } from './load.ts';
export { Settings } from './schema.ts';
export { isNamed, type PushSettings, type SourceSettings } from './repositories.ts';
