import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Every file below a folder that holds these bytes, in UTF-8 or as base64. */
export function filesHolding(folder: string, text: string): string[] {
  const forms = [Buffer.from(text), Buffer.from(Buffer.from(text).toString('base64').slice(0, -4))];
  return [...filesBelow(folder)].filter((file) => {
    const bytes = unlessGone(() => readFileSync(file));
    return bytes !== undefined && forms.some((form) => bytes.includes(form));
  });
}

/** Every file in a folder and the folders in it. */
export function* filesBelow(folder: string): Generator<string> {
  for (const entry of unlessGone(() => readdirSync(folder, { withFileTypes: true })) ?? []) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

/** Both daemons go on working while the story looks at their files: what was there a moment ago may be gone. */
function unlessGone<Found>(look: () => Found): Found | undefined {
  try {
    return look();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
