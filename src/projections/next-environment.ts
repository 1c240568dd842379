import type { EnvironmentView } from './views.ts';

/** The first environment of the lifecycle where this release does not run and all that come before it have it. */
export function nextEnvironment(
  environments: readonly Pick<EnvironmentView, 'name' | 'after' | 'runs'>[],
  wanted: { readonly link: string | null; readonly process: string; readonly release: string },
): string | undefined {
  const { link, process, release } = wanted;
  const runs = (name: string): boolean =>
    environments
      .find((environment) => environment.name === name)
      ?.runs.some((run) => run.link === link && run.process === process && run.release === release) ?? false;
  return environments.find((environment) => !runs(environment.name) && environment.after.every(runs))?.name;
}
