import type { Feature } from './feature.ts';
import { iisSite } from './iis/iis-site.ts';
import { nginx } from './nginx/nginx.ts';
import { systemd } from './systemd/systemd.ts';
import { windowsService } from './windows-service/windows-service.ts';

/** Every feature that comes with this program, in the order in which several of one step act at a stage. */
export const features: readonly Feature[] = [iisSite, nginx, systemd, windowsService];

/** Features of Octopus that conventions of the list act on; they have no code of their own at any stage. */
const partOfTheList = new Set([
  'Octopus.Features.CustomScripts',
  'Octopus.Features.CustomDirectory',
  'Octopus.Features.SubstituteInFiles',
  'Octopus.Features.ConfigurationTransforms',
  'Octopus.Features.ConfigurationVariables',
  'Octopus.Features.JsonConfigurationVariables',
]);

/** The features with code of their own among those that a step enables. */
export function featuresOf(enabled: readonly string[]): Feature[] {
  return features.filter(({ name }) => enabled.includes(name));
}

/** What a step enables and this program doesn't have; such a step is refused, not half done. */
export function featuresNotSupported(enabled: readonly string[]): string[] {
  return enabled.filter((name) => !partOfTheList.has(name) && !features.some((one) => one.name === name));
}
