import type { Leaf } from './leaf.ts';
import { about } from './pages/about.ts';
import { checks } from './pages/checks.ts';
import { decision } from './pages/decision.ts';
import { environment } from './pages/environment.ts';
import { inputs } from './pages/inputs.ts';
import { interrupted } from './pages/interrupted.ts';
import { lines } from './pages/lines.ts';
import { maker } from './pages/maker.ts';
import { release } from './pages/release.ts';
import { result } from './pages/result.ts';
import { running } from './pages/running.ts';
import { sendHome } from './pages/send-home.ts';
import { summary } from './pages/summary.ts';
import { takingIn } from './pages/taking-in.ts';
import { wish } from './pages/wish.ts';

/** The walk: every page in its order. Which of them stand in the way of a person is said by what is known. */
export const pages: readonly Leaf[] = [
  about,
  maker,
  takingIn,
  interrupted,
  environment,
  wish,
  release,
  inputs,
  checks,
  summary,
  running,
  decision,
  result,
  sendHome,
  lines,
];
