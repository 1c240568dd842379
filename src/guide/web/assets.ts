import { asset } from '../../web/index.ts';
import { liveScript } from './live-script.ts';
import { style } from './style.ts';

export const assets = {
  style: asset('style', 'css', 'text/css; charset=utf-8', style),
  live: asset('live', 'js', 'text/javascript; charset=utf-8', liveScript),
} as const;
