const shown = 12;

/** Names of files for one line: all of them while they are few. */
export function fewFiles(files: readonly string[]): string {
  return files.length <= shown
    ? files.join(', ')
    : `${files.slice(0, shown).join(', ')} and ${files.length - shown} more`;
}
