import { keyOf, versionKey, type ServedId, type ServedPackage } from './feed-shelf.ts';

/**
 * The registrations come in three hives of the same form. Clients that don't know SemVer 2 read the first two, which
 * leave such packages out; all but the first are compressed unless the client refuses that.
 */
export const hives = {
  reg: { isCompressed: false, hasSemVer2: false },
  'reg-gz': { isCompressed: true, hasSemVer2: false },
  'reg-semver2': { isCompressed: true, hasSemVer2: true },
} as const;
export type Hive = keyof typeof hives;

/** Every address of the feed; `base` is the folder of its service index, absolute, with a slash at its end. */
export type Addresses = ReturnType<typeof feedAddresses>;

export function feedAddresses(base: string) {
  const registration = (hive: Hive, id: string): string => `${base}${hive}/${keyOf(id)}/`;
  return {
    base,
    flat: `${base}flat/`,
    query: `${base}query`,
    autocomplete: `${base}autocomplete`,
    hive: (hive: Hive): string => `${base}${hive}/`,
    content(each: ServedPackage): string {
      const [id, version] = [keyOf(each.id), versionKey(each)];
      return `${base}flat/${id}/${version}/${id}.${version}.nupkg`;
    },
    registration: (hive: Hive, { key }: ServedId): string => `${registration(hive, key)}index.json`,
    page: (hive: Hive, { key }: ServedId, lower: string, upper: string): string =>
      `${registration(hive, key)}page/${lower}/${upper}.json`,
    leaf: (hive: Hive, each: ServedPackage): string =>
      `${registration(hive, each.id)}${versionKey(each)}.json`,
  };
}
