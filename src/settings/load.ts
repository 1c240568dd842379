import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'smol-toml';
import { SettingsError } from './errors.ts';
import { Settings } from './schema.ts';

/**
 * The settings in the TOML file at `path`, defaults where it says nothing or isn't there.
 *
 * @throws SettingsError naming the key or the line.
 */
export function loadSettings(path: string): Settings {
  if (!existsSync(path)) return Settings.parse({});
  let values: unknown;
  try {
    values = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new SettingsError(`Cannot read settings ${path}: ${why}`, {
      hint: 'Mend that line; the file is TOML.',
      cause: error,
    });
  }
  const result = Settings.safeParse(values);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    (issue) => `${issue.path.join('.') || 'top level'}: ${issue.message}`,
  );
  throw new SettingsError(`Cannot use settings ${path}: ${problems.join('; ')}`, {
    hint: 'Every setting and its meaning is in docs/operating.md.',
    details: { problems },
    cause: result.error,
  });
}
