import type { Colour } from './contrast.ts';

export type SeenText = { readonly text: string; readonly colour: Colour; readonly ground: Colour };

/** In the page: opens all there is to open. */
export const openAll = `document.querySelectorAll('details').forEach((one) => (one.open = true))`;

/** In the page: each text that is seen, with its colour and that of the ground under it. */
export const textColours = `(() => {
  const parse = (css) => [...css.matchAll(/[\\d.]+/g)].map(Number);
  const groundOf = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const [red, green, blue, alpha = 1] = parse(getComputedStyle(at).backgroundColor);
      if (alpha === 1) return [red, green, blue];
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const text = node.nodeValue.trim();
    if (text === '' || !node.parentElement.checkVisibility()) continue;
    const colour = parse(getComputedStyle(node.parentElement).color).slice(0, 3);
    found.push({ text: text.slice(0, 40), colour, ground: groundOf(node.parentElement) });
  }
  return found;
})()`;
