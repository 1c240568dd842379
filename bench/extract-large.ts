export { oneLargeFile as measurement } from './extract.ts';
