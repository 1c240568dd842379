import { createHash } from 'node:crypto';

/** A file of a page; its path names its content, so it may be kept for ever. */
export type Asset = { readonly path: string; readonly type: string; readonly text: string };

export function asset(name: string, ending: string, type: string, text: string): Asset {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return { path: `/assets/${name}-${hash}.${ending}`, type, text };
}

/** Two shores and what crosses between them. */
const markSvg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 36"><rect width="36" height="36" rx="9" fill="#0b5a8a"/><path d="M7 26V10h5v16M29 26V10h-5v16" fill="none" stroke="#bfe0f5" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"/><path d="M11.500 18h12m-3.600-3.600L23.500 18l-3.600 3.600" fill="none" stroke="#fff" stroke-width="2.600" stroke-linecap="round" stroke-linejoin="round"/></svg>`;

/** The program's own sign, on each of its pages. */
export const mark: Asset = asset('mark', 'svg', 'image/svg+xml', markSvg);
