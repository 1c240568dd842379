export { showGuide, type Screen } from './show-guide.ts';
