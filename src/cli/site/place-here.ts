import { addEnvironment, type Decision, type Place } from '../../commands/index.ts';
import type { Database } from '../../db/index.ts';
import { placeOf } from '../../instance/index.ts';
import { readEnvironments, type ReleaseRow } from '../../projections/index.ts';

/** An environment is there once something is to go to it. */
export function arrangePlace(db: Database, name: string): Decision {
  const environments = readEnvironments(db);
  return environments.some((one) => one.name === name)
    ? []
    : addEnvironment(environments, { name, after: [], tags: [] });
}

/** The place a release would go to, as if its environment were there. */
export function placeHere(db: Database, { process, link }: ReleaseRow, environment: string): Place {
  const place = placeOf(db, process, link, environment);
  const isThere = place.environments.some(({ name }) => name === environment);
  return isThere
    ? place
    : { ...place, environments: [...place.environments, { name: environment, after: [], tags: [] }] };
}
