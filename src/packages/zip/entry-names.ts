/** No file system takes a longer name of one file or folder. */
const segmentBytesMax = 255;

const deviceName = /^(?:con|prn|aux|nul|conin\$|conout\$|clock\$|com[0-9¹²³]|lpt[0-9¹²³])$/i;
const hiddenCharacter = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
/** Private characters by which systems on top of Windows, and shares, write what Windows does not allow in names. */
const standsForForbidden = /[\uf000-\uf0ff]/;
/** The bytes of one UTF-8 character, each as `%XX`. */
const utf8Character =
  /%[0-7][0-9a-f]|%[cd][0-9a-f]%[89ab][0-9a-f]|%e[0-9a-f](?:%[89ab][0-9a-f]){2}|%f[0-7](?:%[89ab][0-9a-f]){3}/gi;
const windowsForbids = /[\\:*?"<>|]/;

/**
 * The entry's path as NuGet reads it: `%XX` undone once. What is not UTF-8 then stays as it is.
 */
export function decodedName(name: string): string {
  if (!name.includes('%')) return name;
  return name.replaceAll(utf8Character, (character) => {
    try {
      return decodeURIComponent(character);
    } catch {
      return character;
    }
  });
}

/**
 * Why no file of this name is written anywhere, or undefined where it may be. The rules of every platform hold
 * on each of them: what is refused on Windows is refused on Linux too. A folder's name ends in `/`.
 */
export function unsafeName(name: string): string | undefined {
  const encoded = unsafePath(name);
  if (encoded !== undefined) return encoded;
  const decoded = decodedName(name);
  if (decoded === name) return undefined;
  if (decoded.split('/').length !== name.split('/').length) return 'hides a slash behind a percent sign';
  return unsafePath(decoded);
}

function unsafePath(path: string): string | undefined {
  if (path.length === 0) return 'is empty';
  if (!path.isWellFormed()) return 'is not Unicode text';
  if (hiddenCharacter.test(path)) return 'holds a control or invisible character';
  if (path.includes('\\')) return 'holds a backslash';
  if (/^[a-z]:/i.test(path)) return 'begins with a drive letter';
  if (path.startsWith('/')) return 'is absolute';
  if (windowsForbids.test(path)) return 'holds a character that Windows does not allow in names';
  if (standsForForbidden.test(path))
    return 'holds a character that stands for a forbidden one on some systems';
  for (const segment of (path.endsWith('/') ? path.slice(0, -1) : path).split('/')) {
    const because = unsafeSegment(segment);
    if (because !== undefined) return because;
  }
  return undefined;
}

function unsafeSegment(segment: string): string | undefined {
  if (segment === '') return 'has an empty part';
  if (segment === '.' || segment === '..') return `has the part "${segment}"`;
  if (/[. ]$/.test(segment)) return 'has a part that ends in a dot or a space';
  if (Buffer.byteLength(segment) > segmentBytesMax) return `has a part longer than ${segmentBytesMax} bytes`;
  if (!isAscii(segment) && looksLikeAWay(segment)) return 'has a part that some systems take for a path';
  const base = segment.split('.')[0]!.trimEnd();
  return deviceName.test(base) ? `has the part "${segment}", a device on Windows` : undefined;
}

/** Some conversions to an older character set write "／" as a slash and "‥" as two dots. */
function looksLikeAWay(segment: string): boolean {
  const plain = segment.normalize('NFKC');
  return /[/\\]/.test(plain) || /^\.+$/.test(plain);
}

/** How long a path is in bytes of UTF-8, and of how many folders and one file it is made. */
export function nameExtent(name: string): { bytes: number; depth: number } {
  const path = name.endsWith('/') ? name.slice(0, -1) : name;
  return { bytes: Buffer.byteLength(name), depth: path.split('/').length };
}

const ascii = /^[\0-\x7f]*$/;
export const isAscii = (text: string): boolean => ascii.test(text);

const ignorable = /\p{Default_Ignorable_Code_Point}/gu;

/**
 * One spelling for all that some system takes for the same: case by the full folding of Unicode (`ß` is `SS`), with
 * the dotted and the dotless i of Turkish as one more i; accents apart from their letters; characters that show nothing
 * left out.
 */
function folded(path: string): string {
  if (isAscii(path)) return path.toUpperCase();
  const plain = path.normalize('NFD').replaceAll(ignorable, '');
  return plain.toLowerCase().toUpperCase().normalize('NFD').replaceAll('I\u0307', 'I');
}

/** Two paths with the same key are the same file somewhere: on Windows, on macOS, or after decoding. */
export function nameKey(name: string): string {
  const path = folded(decodedName(name));
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

/** The first two names that would meet in one place: twins, or a file where another needs a folder. */
export function clashingNames(
  names: readonly string[],
): { names: [string, string]; how: string } | undefined {
  const files = new Map<string, string>();
  const folders = new Map<string, { spelt: string; name: string }>();
  const explicit = new Set<string>();
  const spellings = new Set<string>();
  for (const name of names) {
    const key = nameKey(name);
    const isFolder = name.endsWith('/');
    const path = decodedName(name);
    const twin = files.get(key) ?? (explicit.has(key) ? name : undefined);
    if (twin !== undefined) return { names: [twin, name], how: 'are one name on some systems' };
    if (isFolder) explicit.add(key);
    else files.set(key, name);
    if (spellings.has(path.slice(0, path.lastIndexOf('/') + 1))) continue;
    for (const spelt of foldersOf(path)) {
      if (spellings.has(spelt)) continue;
      spellings.add(spelt);
      const folderKey = folded(spelt.slice(0, -1));
      const known = folders.get(folderKey);
      if (known === undefined) folders.set(folderKey, { spelt, name });
      else if (known.spelt !== spelt)
        return { names: [known.name, name], how: 'share a folder, spelt differently' };
    }
  }
  for (const [key, { name }] of folders) {
    const file = files.get(key);
    if (file !== undefined) return { names: [file, name], how: 'make one name a file and a folder' };
  }
  return undefined;
}

/** Whether the names imply more folders than `most`: comparing them takes as much memory as there are. */
export function hasMoreFolders(names: readonly string[], most: number): boolean {
  const folders = new Set<string>();
  let last = '';
  for (const name of names) {
    const folder = name.slice(0, name.lastIndexOf('/') + 1);
    if (folder === last) continue;
    last = folder;
    for (const one of folders.has(folder) ? [] : foldersOf(folder)) folders.add(one);
    if (folders.size > most) return true;
  }
  return false;
}

/** Each folder on the way to `path`, itself included where it is one: `a/`, `a/b/` of `a/b/c`. */
function foldersOf(path: string): string[] {
  const folders: string[] = [];
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1))
    folders.push(path.slice(0, slash + 1));
  return folders;
}
