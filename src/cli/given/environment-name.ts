import { misuse } from '../command.ts';

/** Environments and tags name folders and stand in command lines. @throws CliError USAGE_INVALID */
export function refuseUnfitName(text: string): void {
  if (/^[\p{L}\p{N}_][\p{L}\p{N}._-]{0,99}$/u.test(text)) return;
  throw misuse(
    `Cannot use ${JSON.stringify(text)} as the name of an environment or tag: it has characters that it can't have`,
    `Use letters, digits, dots, dashes and underscores, at most 100, since folders are named so${suggestion(text)}.`,
  );
}

function suggestion(text: string): string {
  const fitting = text
    .trim()
    .replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')
    .replaceAll(/^[.-]+|-+$/g, '');
  return fitting === '' ? '' : `; for example ${fitting}`;
}
