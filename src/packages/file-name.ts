import { basename } from 'node:path';
import { PackageError } from './errors.ts';
import { packageFileName, type PackageIdentity } from './nupkg.ts';
import { normalizedVersion } from './version.ts';

/**
 * Refuses to write a package into a file that is called as another one, `ID.VERSION.nupkg`: whoever takes it by its name
 * would have something else. A name that adds to its own, or says no version of three numbers, is nobody else's.
 *
 * @throws PackageError PACKAGE_INPUT_INVALID
 */
export function refuseOtherName(path: string, identity: PackageIdentity, verb: string): void {
  const name = basename(path);
  if (name.toLowerCase().startsWith(`${identity.id.toLowerCase()}.`)) {
    const rest = name.slice(identity.id.length + 1).replace(/\.nupkg$/i, '');
    if (normalizedVersion(rest) === normalizedVersion(identity.version)) return;
  }
  const said = /^(?<id>.+?)\.(?<version>\d+\.\d+\.\d+(?:\.\d+)?(?:[-+][0-9a-z.+-]+)?)\.nupkg$/i.exec(
    name,
  )?.groups;
  if (said === undefined) return;
  const isOwnId = said['id']!.toLowerCase().includes(identity.id.toLowerCase());
  // `1.0.0-signed` may be said of 1.0.0.
  const [version, own] = [said['version']!, identity.version].map((one) => normalizedVersion(one) ?? one);
  if (isOwnId && (version === own || version!.startsWith(`${own}-`))) return;
  throw new PackageError(
    'PACKAGE_INPUT_INVALID',
    `Cannot ${verb} ${identity.id} ${identity.version} into ${path}: that is the name of ${said['id']} ${said['version']}`,
    {
      hint: `Call it ${packageFileName(identity)}, or look whether this is the package that was meant.`,
      details: { file: path, id: identity.id, version: identity.version },
    },
  );
}
