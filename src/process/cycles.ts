import type { Findings } from './findings.ts';
import type { PlacedValue } from './read-values.ts';
import type { NamesIn } from './references.ts';

/** Refuses variables that lead back to themselves whichever of their values is in force: no run could ever use them. */
export function checkCycles(variables: readonly PlacedValue[], namesIn: NamesIn, findings: Findings): void {
  const byName = Map.groupBy(variables, ({ value }) => value.name.toUpperCase());
  const certain = new Map([...byName].map(([name, values]) => [name, usedByAll(values, namesIn)]));
  const told = new Set<string>();
  for (const name of byName.keys()) {
    const cycle = cycleFrom(name, certain);
    if (cycle === undefined || cycle.some((one) => told.has(one))) continue;
    for (const one of cycle) told.add(one);
    const placed = byName.get(name)![0]!;
    const chain = [...cycle, name].map((one) => byName.get(one)![0]!.value.name).join(' -> ');
    findings.add(
      placed.path,
      `${placed.value.name} refers to itself (${chain})`,
      'Change one of these values so that it no longer leads back.',
    );
  }
}

/** The names that each value of a variable uses, so that it uses them wherever it is evaluated. */
function usedByAll(values: readonly PlacedValue[], namesIn: NamesIn): Set<string> {
  const used = values.map(({ value }) => new Set(namesIn(value.value).map((name) => name.toUpperCase())));
  return used.reduce((all, one) => new Set([...all].filter((name) => one.has(name))));
}

/** The shortest way from a name back to itself, without its end. */
function cycleFrom(name: string, edges: ReadonlyMap<string, ReadonlySet<string>>): string[] | undefined {
  const ways: string[][] = [[name]];
  const seen = new Set<string>();
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    for (const next of edges.get(way.at(-1)!) ?? []) {
      if (next === name) return way;
      if (seen.has(next) || !edges.has(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  }
  return undefined;
}
