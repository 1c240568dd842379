/*
 * The way to an instance, and nothing else of its room: who asks for the front door of a room while the program runs
 * gets all that lies behind it.
 */
export { dataFolder, openInstance, packageLimits } from '../../instance/index.ts';
