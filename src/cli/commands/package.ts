import { later } from '../command.ts';
import { packageAdd } from './package-add.ts';
import { packageLint } from './package-lint.ts';
import { packagePack } from './package-pack.ts';
import { packageSign } from './package-sign.ts';
import { packageVerify } from './package-verify.ts';

export const packageCommands = [
  packageAdd,
  packageSign,
  packageVerify,
  packagePack,
  packageLint,
  later('package push', 'Put a package into a NuGet feed'),
];
