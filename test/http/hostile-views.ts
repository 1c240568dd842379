import type { StatusView } from '../../src/projections/index.ts';

/** Texts that would do something if they reached a page, a command line or a header as they are. */
export const payloads: readonly string[] = [
  '<script>window.hit=1</script>',
  '<img src=x onerror="window.hit=1">',
  '"><svg onload=window.hit=1>',
  "' onfocus='window.hit=1' autofocus='",
  '`onmouseover=window.hit=1`',
  '</title></style></textarea></script><script>window.hit=1</script>',
  '<iframe srcdoc="<script>parent.hit=1</script>"></iframe>',
  '<base href="https://evil.example/"><link rel=stylesheet href="//evil.example/x.css">',
  '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
  'javascript:window.hit=1',
  '<!--<script>window.hit=1//-->',
  '&lt;script&gt;window.hit=1&lt;/script&gt;',
  '${window.hit=1}{{constructor.constructor("window.hit=1")()}}',
  '\u0000\u0001\u001b[31mred\r\nSet-Cookie: a=b\u007f\u0085',
  '\u202Egnp.exe\u2066hidden\u2069',
  '\uD800 half a pair \uDC00',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=window.hit=1&gt;">',
];

/** The view with every text in it replaced, also those that are states, times, names and keys of outputs. */
export function everyText(view: StatusView, replaced: (text: string) => string): StatusView {
  return replaceIn(view, replaced) as StatusView;
}

function replaceIn(value: unknown, replaced: (text: string) => string): unknown {
  if (typeof value === 'string') return replaced(value);
  if (Array.isArray(value)) return value.map((one) => replaceIn(one, replaced));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key === 'WarmupUrl' ? replaced(key) : key,
      replaceIn(one, replaced),
    ]),
  );
}
