export { asset, mark, type Asset } from './asset.ts';
export { hostName, targetLengthMax } from './door.ts';
export { eventStream, type EventStream, type StreamLimits } from './event-stream.ts';
export {
  guardedServer,
  refuseUnreadable,
  usualServerLimits,
  type ServerLimits,
  type TlsFacts,
} from './guarded-server.ts';
export { exact, html, joined, type Content, type Html } from './html.ts';
export { icon, type Tone } from './icon.ts';
export { paletteCss, palettes, readOn } from './palette.ts';
