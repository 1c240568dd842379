import { isPackageId, normalizedVersion } from '../../packages/index.ts';
import { misuse, needed } from '../command.ts';

/** The argument that names a release. */
export const R = needed(
  'R',
  'NUMBER, PROCESS/NUMBER or LINK:PROCESS/NUMBER (self: is this side), whichever is enough to mean one',
);

/** Numbers stand in `LINK:PROCESS/NUMBER` and in command lines. @throws CliError USAGE_INVALID */
export function refuseUnfitNumber(number: string): void {
  if (/^\p{N}[\p{L}\p{N}._+-]{0,99}$/u.test(number)) return;
  if (/^v\p{N}/iu.test(number)) {
    throw misuse(
      `Cannot call a release ${JSON.stringify(number)}: a number begins with a digit`,
      `Leave the ${number[0]} out: ${number.slice(1)}.`,
    );
  }
  throw misuse(
    `Cannot call a release ${JSON.stringify(number)}: it is not a number as releases have them`,
    'Begin with a digit; then use letters, digits, dots, dashes, underscores and plus signs, at most 100; for example 1.4.0.',
  );
}

/** `ID@VERSION` or `ID=VERSION`. @throws CliError USAGE_INVALID */
export function packageNamed(text: string): { id: string; version: string } {
  const { id, version } = /^(?<id>[^@=]+)[@=](?<version>.+)$/.exec(text)?.groups ?? {};
  if (
    id !== undefined &&
    version !== undefined &&
    isPackageId(id) &&
    normalizedVersion(version) !== undefined
  ) {
    return { id, version };
  }
  throw misuse(`Cannot read package ${text}: it is not ID@VERSION`, 'Write, for example, Orders.Web@1.0.0.');
}
