export { addressLines, type AddressFacts } from './address-lines.ts';
export type { HostFacts } from './draw-page.ts';
export {
  serveGuide,
  usualWebLimits,
  type WebGuide,
  type WebGuideFacts,
  type WebLimits,
} from './serve-guide.ts';
