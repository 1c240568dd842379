import { packageAdd } from './package-add.ts';
import { packageGc } from './package-gc.ts';
import { packageLint } from './package-lint.ts';
import { packageList, packageShow } from './package-list.ts';
import { packagePack } from './package-pack.ts';
import { packagePush } from './package-push.ts';
import { packageCountersign } from './package-countersign.ts';
import { packageSign } from './package-sign.ts';
import { packageUnsign } from './package-unsign.ts';
import { packageVerify } from './package-verify.ts';

export const packageCommands = [
  packageAdd,
  packageSign,
  packageCountersign,
  packageUnsign,
  packageVerify,
  packageList,
  packageShow,
  packageGc,
  packagePack,
  packageLint,
  packagePush,
];
