import { shellWord } from '../../words.ts';

/** Commands about what this side itself does. Others may be meant for another side, which has a folder of its own. */
const ofThisSide =
  /`(crossgap (?:approve|deploy|deployment|rollback|uninstall|run|input|environment|inbox|status)\b[^`]*)`/g;

/** A hint for somebody who named a data folder: the commands in it name the same one, so that they can be typed as they stand. */
export function inFolder(hint: string, folder: string): string {
  return hint.replaceAll(ofThisSide, (all, line: string) =>
    / --data\b|[|;]/.test(line) ? all : `\`${line} --data ${shellWord(folder)}\``,
  );
}
