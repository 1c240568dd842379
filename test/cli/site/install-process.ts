/*
 * A site in a process of its own, to be killed: takes in what lies at FILE, goes on with a run that came to no end, else
 * installs, and prints what came of it as JSON. Called with DATA, FILE and the values as JSON.
 */
import { hooks, siteAt, takeIn } from './vendor.ts';

const [data, file, values] = process.argv.slice(2) as [string, string, string];
const environment = 'production';

await using site = await siteAt(data, { file });
await takeIn(site);
const { open, inputs } = await site.standing(environment);
const known = inputs.filter(({ isKnown }) => isKnown).map(({ name }) => name);
if (open === null) await site.keep(environment, JSON.parse(values) as Record<string, string>);
const outcome = await site.run(
  open === null
    ? { kind: 'install', environment, again: false }
    : { kind: 'resume', environment, deployment: open.deployment },
  hooks(),
);
process.stdout.write(`${JSON.stringify({ open, known, outcome })}\n`);
